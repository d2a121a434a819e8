import { Client, type ConnectOptions } from './client.js'
import { commonPorts, type Socket } from './ports.js'

export { Client } from './client.js'
export * from './errors.js'
export type * from './public.js'

declare const WebSocket: new (url: string, protocol: string) => Socket

/** A client of the cluster that `servers` belong to. It connects when it is first used. */
export const connect = (options: ConnectOptions): Client =>
  new Client(options, {
    ...commonPorts,
    openSocket: (url, protocol) => new WebSocket(url, protocol),
    socketHeaders: false,
  })
