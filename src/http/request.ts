import { IncomingMessage, type ServerResponse } from 'node:http'
import type { Exchange } from './exchange.js'

/** A request that knows its exchange, so that its listeners are functions that all requests share. */
export class Request extends IncomingMessage {
  exchange: Exchange | undefined

  /** That it was aborted the connection tells; an error of its own, with a stack in words, costs more than all else it did. */
  override destroy(): this {
    return super.destroy()
  }
}

export function onData(this: Request, chunk: Buffer): void {
  this.exchange?.received(chunk)
}

export function onEnd(this: Request): void {
  this.exchange?.complete()
}

export function onFinish(this: ServerResponse<Request>): void {
  this.req.exchange?.taken()
}
