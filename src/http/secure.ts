import { createServer, type Server, type ServerOptions } from 'node:http'
import { createServer as createSecureServer, Server as SecureServer } from 'node:https'
import { clientPort, type Tls } from '../tls.js'
import type { Request } from './request.js'

type Options = ServerOptions<typeof Request>

/** A server of either kind; they differ in which event tells of a connection that can be read. */
export const serverFor = (tls: Tls | undefined, options: Options): Server<typeof Request> => {
  if (!tls) return createServer(options)
  const handshakeTimeout = options.headersTimeout ?? 0
  return createSecureServer({ ...options, ...clientPort(tls), handshakeTimeout }) as unknown as Server<typeof Request>
}

/** New connections are given this certificate. */
export const renewTls = (server: Server<typeof Request>, tls: Tls | undefined): void => {
  if (tls && server instanceof SecureServer) server.setSecureContext(clientPort(tls))
}
