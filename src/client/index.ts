import { Client, type ConnectOptions } from './client.js'
import { nodePorts } from './node-ports.js'

export { Client } from './client.js'
export * from './errors.js'
export type * from './public.js'

/** A client of the cluster that `servers` belong to. It connects when it is first used. */
export const connect = (options: ConnectOptions): Client => new Client(options, nodePorts)
