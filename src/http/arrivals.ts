import type { Server, Socket } from 'node:net'
import type { Turns } from './turns.js'

/** A connection that the system has accepted, and nobody reads yet: what a socket is made of. */
export interface Arrival {
  close(): void
  setNoDelay(on: boolean): void
  setKeepAlive(on: boolean, afterSeconds: number): void
  readonly useUserBuffer?: unknown
}

type Accept = (this: Listener, status: number, arrival: Arrival | undefined) => void

/** What node:net listens with, and which of its functions is called for each connection, is not documented. */
interface Listener {
  onconnection?: Accept
}

/** So many wait at most; beyond, each is taken as it comes: what waits takes descriptors, and counts in no limit yet. */
const waitingMax = 1024

/**
 * Has connections wait for their turn before a socket is made for each. The system's queue is emptied at one go, and what
 * it holds when hundreds come at the same moment takes longer to set up than anyone else should wait.
 *
 * `make` makes the socket, or leaves that to node:net, as it is left where there is no `make`. Call it when the server listens. Where node:net works in another
 * way, nothing changes.
 */
export const takeInTurns = (server: Server, turns: Turns, make?: (arrival: Arrival) => Socket | undefined): void => {
  const listener = (server as unknown as { readonly _handle?: Listener | null })._handle
  const accept = listener?.onconnection
  if (!listener || typeof accept !== 'function') return
  let waiting = 0
  const open = (status: number, arrival: Arrival | undefined): void => {
    const socket = arrival && make?.(arrival)
    if (socket) server.emit('connection', socket)
    else accept.call(listener, status, arrival)
  }
  listener.onconnection = (status, arrival) => {
    if (!arrival || waiting >= waitingMax) {
      open(status, arrival)
      return
    }
    waiting++
    turns.begin(() => {
      waiting--
      if (server.listening) open(status, arrival)
      else arrival.close()
    })
  }
}
