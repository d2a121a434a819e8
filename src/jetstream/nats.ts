import type * as JetStream from '@nats-io/jetstream'
import type * as Transport from '@nats-io/transport-node'
import { EngineError } from '../errors.js'

/** The packages that speak to NATS. They are loaded when they are wanted only: who runs a mesh need not have them. */
export interface Nats {
  readonly transport: typeof Transport
  readonly jetstream: typeof JetStream
}

const packages = ['@nats-io/transport-node', '@nats-io/jetstream'] as const

/** `load` is for tests. */
export const loadNats = async (load = (name: string): Promise<unknown> => import(name)): Promise<Nats> => {
  try {
    const [transport, jetstream] = await Promise.all(packages.map(load))
    return { transport, jetstream } as Nats
  } catch (error) {
    throw new EngineError(
      'bad_option',
      `log (--log) needs packages that are not installed: npm install ${packages.join(' ')}`,
      { cause: error },
    )
  }
}
