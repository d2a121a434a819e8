import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream'
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node'
import type { Report } from '../effect.js'
import { decodePresence, encodePresence } from './codec.js'
import type { DatabaseEvent, LogEvent, LogRequest, Stream } from './core/port.js'
import { fetchPage } from './fetching.js'
import { databaseOf, describe, identityOf, presenceOf, streamOf, subjectOf, subjectsOf } from './names.js'
import type { Nats } from './nats.js'
import { Reading } from './reading.js'
import type { StreamSettings } from './settings.js'
import { type Storing, store } from './storing.js'

const requestMs = 3000
/** Until a first connection that could not be made is tried again. */
const againMs = 1000
const nanos = 1_000_000

interface Parts {
  readonly nats: Nats
  readonly connection: NodeConnectionOptions
  readonly settings: StreamSettings
  heard(event: LogEvent): void
  report(report: Report): void
}

const whyOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Speaks to JetStream: each request of the core is done once, and what came of it is told. Nothing is decided here. */
export class JetStreamClient {
  readonly #parts: Parts
  readonly #readings = new Map<string, Reading>()
  #connection: NatsConnection | undefined
  #manager: JetStreamManager | undefined
  #up = false
  #closed = false
  #timer: NodeJS.Timeout | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Tries for as long as it takes. */
  async connect(): Promise<void> {
    try {
      const connection = await this.#parts.nats.transport.connect(this.#parts.connection)
      if (this.#closed) await connection.close()
      else await this.#begin(connection)
    } catch (error) {
      if (this.#closed) return
      this.#away(whyOf(error))
      this.#timer = setTimeout(() => void this.connect(), againMs)
    }
  }

  async #begin(connection: NatsConnection): Promise<void> {
    const { nats, settings } = this.#parts
    this.#connection = connection
    this.#manager = await nats.jetstream.jetstreamManager(connection, { checkAPI: false, timeout: requestMs })
    connection.subscribe(presenceOf(settings.prefix), {
      callback: (error, message) => {
        const presence = error ? undefined : decodePresence(message.data)
        if (presence) this.#parts.heard({ is: 'heard', presence })
      },
    })
    void this.#watch(connection)
    this.#back()
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (this.#closed) return
      if (status.type === 'disconnect') this.#away(`the connection to ${status.server} is lost`)
      if (status.type === 'reconnect') this.#back()
    }
    if (this.#closed) return
    this.#away('the connection is closed')
    this.#timer = setTimeout(() => void this.connect(), againMs)
  }

  #back(): void {
    this.#up = true
    const { max_payload: bytesMax = 2 ** 20, server_name: server = '' } = this.#connection?.info ?? {}
    this.#parts.report({ event: 'log_connected', detail: { server } })
    this.#parts.heard({ is: 'connected', bytesMax })
  }

  #away(reason: string): void {
    if (this.#up || !this.#connection) this.#parts.report({ event: 'log_away', detail: { why: reason } })
    this.#up = false
    for (const reading of this.#readings.values()) reading.close()
    this.#readings.clear()
    this.#parts.heard({ is: 'away', reason })
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    for (const reading of this.#readings.values()) reading.close()
    await this.#connection?.drain().catch(() => {})
    await this.#connection?.close().catch(() => {})
  }

  ask(request: LogRequest): void {
    switch (request.is) {
      case 'list':
        void this.#list()
        break
      case 'open':
        void this.#try(
          request.database,
          () => this.#open(request.database),
          (reason) => ({ is: 'unopened', reason }),
        )
        break
      case 'read':
        void this.#read(request)
        break
      case 'store':
        void this.#store(request)
        break
      case 'fetch':
        void this.#fetch(request)
        break
      case 'tell':
        if (this.#up)
          this.#connection?.publish(presenceOf(this.#parts.settings.prefix), encodePresence(request.presence))
        break
      default:
        request satisfies never
    }
  }

  /** Tells what `act` comes to, or that it failed. */
  async #try(database: string, act: () => Promise<Told>, failed: (reason: string) => Told): Promise<void> {
    let told: Told
    try {
      if (!this.#up) throw new Error('the log is away')
      told = await act()
    } catch (error) {
      told = failed(whyOf(error))
    }
    if (!this.#closed) this.#parts.heard({ database, ...told } as LogEvent)
  }

  async #list(): Promise<void> {
    const { prefix } = this.#parts.settings
    const databases: string[] = []
    try {
      for await (const { config } of this.#jetStream.streams.list(subjectsOf(prefix))) {
        const database = databaseOf(config.description)
        if (database !== undefined && config.name === streamOf(prefix, database)) databases.push(database)
      }
      this.#parts.heard({ is: 'listed', databases })
    } catch (error) {
      if (this.#closed) return
      this.#parts.report({ event: 'log_unavailable', detail: { why: whyOf(error) } })
      this.#timer = setTimeout(() => {
        if (this.#up) void this.#list()
      }, againMs)
    }
  }

  get #jetStream(): JetStreamManager {
    if (!this.#manager) throw new Error('the log is away')
    return this.#manager
  }

  async #open(database: string): Promise<Told> {
    const { settings } = this.#parts
    const name = streamOf(settings.prefix, database)
    const info = (await this.#info(name)) ?? (await this.#make(database, name))
    const subject = subjectOf(settings.prefix, database)
    if (info.config.subjects?.join() !== subject) throw new Error(`the stream ${name} is not of the subject ${subject}`)
    return { is: 'opened', stream: streamFrom(info) }
  }

  async #info(name: string): Promise<StreamInfo | undefined> {
    const { JetStreamApiError, JetStreamApiCodes } = this.#parts.nats.jetstream
    try {
      return await this.#jetStream.streams.info(name)
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return undefined
      throw error
    }
  }

  /** Several nodes may make it at once: in the same words, so that it does not matter who is first. */
  async #make(database: string, name: string): Promise<StreamInfo> {
    const { prefix, replicas, storage, maxAgeMs, maxBytes, duplicateMs } = this.#parts.settings
    try {
      return await this.#jetStream.streams.add({
        name,
        description: describe(database),
        subjects: [subjectOf(prefix, database)],
        retention: 'limits',
        discard: 'old',
        storage,
        num_replicas: replicas,
        max_age: maxAgeMs * nanos,
        max_bytes: maxBytes,
        duplicate_window: duplicateMs * nanos,
      })
    } catch (error) {
      const info = await this.#info(name)
      if (info) return info
      throw error
    }
  }

  async #read({ database, epoch, from }: Extract<LogRequest, { is: 'read' }>): Promise<void> {
    this.#readings.get(database)?.close()
    const broken = (reason: string): Told => ({ is: 'broken', epoch, reason })
    await this.#try(
      database,
      async () => {
        const stream = streamOf(this.#parts.settings.prefix, database)
        const tell = (told: Told): void => this.#parts.heard({ database, ...told } as LogEvent)
        const reading = new Reading({
          ...this.#means,
          stream,
          database,
          from,
          on: {
            arrived: (packets) => tell({ is: 'arrived', epoch, packets }),
            idle: (delivery) => tell({ is: 'idle', epoch, delivery }),
            broken: (reason) => tell(broken(reason)),
          },
        })
        this.#readings.set(database, reading)
        const start = await reading.start()
        // A stream of the same name may have been made since it was opened: this one is that of the reading.
        const { id } = streamFrom(await this.#jetStream.streams.info(stream))
        setImmediate(() => reading.release())
        return { is: 'reading', epoch, stream: id, ...start }
      },
      broken,
    )
  }

  get #means() {
    const { nats } = this.#parts
    if (!this.#connection) throw new Error('the log is away')
    return { nats, connection: this.#connection, manager: this.#jetStream }
  }

  async #store(request: Storing): Promise<void> {
    const { database, ticket } = request
    const subject = subjectOf(this.#parts.settings.prefix, database)
    await this.#try(
      database,
      () => store(this.#means, subject, request),
      // It has not even been sent.
      (reason) => ({ is: 'unstored', ticket, reason, sure: true }),
    )
  }

  async #fetch({ database, fetch, from }: Extract<LogRequest, { is: 'fetch' }>): Promise<void> {
    const { prefix, pageBytes: bytes } = this.#parts.settings
    const stream = streamOf(prefix, database)
    await this.#try(
      database,
      async () => {
        const page = await fetchPage({ ...this.#means, stream, database, from, bytes })
        const { id } = streamFrom(await this.#jetStream.streams.info(stream))
        return { is: 'fetched', fetch, stream: id, ...page }
      },
      (reason) => ({ is: 'unfetched', fetch, reason }),
    )
  }
}

/** What is told of a database, but for its name. */
type Without<Event> = Event extends unknown ? Omit<Event, 'database'> : never
export type Told = Without<DatabaseEvent>

const streamFrom = ({ config, created, state }: StreamInfo): Stream => ({
  id: identityOf(config.name, String(created)),
  name: config.name,
  // Of a stream that never had a message it is 0.
  first: Math.max(1, state.first_seq),
  last: state.last_seq,
  messages: state.messages,
  bytes: state.bytes,
  replicas: config.num_replicas,
  duplicateMs: config.duplicate_window / nanos,
})
