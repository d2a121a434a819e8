import type { Status } from '../../src/effect.js'
import type { Options } from '../../src/index.js'
import type { Node } from '../../src/node.js'
import { embed } from '../live/crew.js'
import { EventReader, SocketReader } from './tap.js'

interface Teardown {
  teardown(end: () => Promise<void> | void): void
}

export const portOf = ({ url }: Node): number => Number(new URL(url).port)

/** A true node by itself, with the streams that a test opens; all of it is closed after the test. */
export class StreamStage {
  private constructor(
    readonly t: Teardown,
    readonly node: Node,
  ) {}

  static async set(t: Teardown, options: Partial<Options> = {}): Promise<StreamStage> {
    return new StreamStage(t, await embed(t, options))
  }

  get port(): number {
    return portOf(this.node)
  }

  events(query: string, headers: readonly string[] = [], version = '1.1'): EventReader {
    const reader = new EventReader(this.port, `/main/bus/events?${query}`, headers, version)
    this.t.teardown(() => reader.close())
    return reader
  }

  socket(query = '', options: ConstructorParameters<typeof SocketReader>[2] = {}): SocketReader {
    const reader = new SocketReader(this.port, `/main/bus/socket${query}`, options)
    this.t.teardown(() => reader.close())
    return reader
  }

  /** Gives the message's id. */
  async publish(channel: string, message: object | string): Promise<string> {
    const text = typeof message === 'string' ? message : JSON.stringify(message)
    const answer = await this.post('publish', `{"channel":${JSON.stringify(channel)},"message":${text}}`)
    const told = (await answer.json()) as { message_id: string }
    return told.message_id
  }

  post(action: string, body: string): Promise<Response> {
    const headers = { 'Content-Type': 'application/json' }
    return fetch(`${this.node.url}/main/bus/${action}`, { method: 'POST', headers, body })
  }

  /** One of the numbers of `/cluster`. */
  async count(name: string): Promise<number> {
    const { counters, gauges } = (await (await fetch(`${this.node.url}/cluster`)).json()) as Status
    return counters[name] ?? gauges[name] ?? Number.NaN
  }
}
