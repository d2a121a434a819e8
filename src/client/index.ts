import { WebSocket } from 'ws'
import { Client, type ConnectOptions } from './client.js'
import { commonPorts, type Ports, type Socket } from './ports.js'

export { Client } from './client.js'
export * from './errors.js'
export type * from './public.js'

/** No deflate: it costs more memory than it saves. */
const openSocket: Ports['openSocket'] = (url, protocol, headers) => {
  const socket: unknown = new WebSocket(url, protocol, { headers, perMessageDeflate: false })
  return socket as Socket
}

/** A client of the cluster that `servers` belong to. It connects when it is first used. */
export const connect = (options: ConnectOptions): Client =>
  new Client(options, { ...commonPorts, openSocket, socketHeaders: true })
