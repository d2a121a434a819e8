import { Client, type ConnectOptions } from './client.js'
import { commonPorts, type Socket } from './ports.js'

export { Client } from './client.js'
export * from './errors.js'
export type * from './public.js'

declare const WebSocket: new (url: string, protocol: string) => Socket

/** A client of the cluster that `servers` belong to. It connects when it is first used. */
export const connect = (options: ConnectOptions): Client => {
  if (options.transport === 'ws' && options.token !== undefined)
    throw new TypeError('a browser sends no token with a WebSocket: choose the transport sse or poll')
  return new Client(options, { ...commonPorts, openSocket: (url, protocol) => new WebSocket(url, protocol) })
}
