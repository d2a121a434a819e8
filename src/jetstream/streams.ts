import type { NodeConnectionOptions } from '@nats-io/transport-node'
import type { Backbone, BackboneParts } from '../backbone.js'
import type { Effect } from '../effect.js'
import type { CoreOptions } from '../limits.js'
import type { Options } from '../options.js'
import { clock, random } from '../system.js'
import { JetStreamClient } from './client.js'
import { StreamEngine } from './core/engine.js'
import type { LogEvent } from './core/port.js'
import { loadNats, type Nats } from './nats.js'
import { connectionOptions, streamSettings } from './settings.js'

/** JetStream, of which nodes need to know nothing but where it is. */
export class Streams implements Backbone {
  readonly counters = {}
  readonly founds = true
  readonly #client: JetStreamClient

  constructor(nats: Nats, connection: NodeConnectionOptions, { options, step, report }: BackboneParts) {
    const settings = streamSettings(options)
    const heard = (event: LogEvent): void => step({ type: 'log', event })
    this.#client = new JetStreamClient({ nats, connection, settings, heard, report })
  }

  listen(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  engine(options: CoreOptions): StreamEngine {
    return new StreamEngine({ options, random, now: clock.now() })
  }

  /** Its connections are not to peers. */
  renew(): void {}

  begin(): void {
    void this.#client.connect()
  }

  carryOut(effect: Effect): void {
    if (effect.type === 'log') this.#client.ask(effect.request)
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}

/** What speaks to it is loaded, and the files read that it is reached with. */
export const loadStreams = async (options: Options): Promise<(parts: BackboneParts) => Streams> => {
  const nats = await loadNats()
  const connection = { ...(await connectionOptions(options, nats)), name: `carillon ${options.name}`.trim() }
  return (parts) => new Streams(nats, connection, parts)
}
