import { WebSocket } from 'ws'
import { commonPorts, type Ports, type Socket } from './ports.js'

/** No deflate: it costs more memory than it saves. */
const openSocket: Ports['openSocket'] = (url, protocol, headers) => {
  const socket: unknown = new WebSocket(url, protocol, { headers, perMessageDeflate: false })
  return socket as Socket
}

/** The world, as Node sees it. */
export const nodePorts: Ports = { ...commonPorts, openSocket, socketHeaders: true }
