import { createSecureContext } from 'node:tls'
import { EngineError } from './errors.js'

/** What a node proves itself with, as PEM. */
export interface Tls {
  readonly cert: string
  readonly key: string
  /** Who signs the certificates of peers; without it any that machines trust do. */
  readonly peerCa?: string | undefined
}

const minVersion = 'TLSv1.2'

/** Throws EngineError `bad_option` for what does not belong together. */
export const checkTls = ({ cert, key, peerCa }: Tls): void => {
  try {
    createSecureContext({ cert, key, ca: peerCa })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new EngineError('bad_option', `tlsCert, tlsKey and peerCa can't be used: ${why}`)
  }
}

/** For the port of clients. */
export const clientPort = ({ cert, key }: Tls) => ({ cert, key, minVersion }) as const

/** For the port of peers: with a CA of their own, who connects must have a certificate of it, too. */
export const peerPort = ({ cert, key, peerCa: ca }: Tls) => {
  const mutual = ca !== undefined
  return { cert, key, ca, minVersion, requestCert: mutual, rejectUnauthorized: mutual } as const
}

/**
 * To dial a peer. Where only peers have certificates of this CA, the name in it makes no difference: they are dialled by
 * addresses that change.
 */
export const peerDial = ({ cert, key, peerCa: ca }: Tls) => {
  const anyName = ca === undefined ? {} : { checkServerIdentity: () => false }
  return { cert, key, ca, minVersion, ...anyName } as const
}
