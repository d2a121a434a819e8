import type { Effect, Input, Report } from './effect.js'
import type { EngineFace } from './engine.js'
import type { CoreOptions } from './limits.js'
import type { NodeId } from './log/node-id.js'
import type { Address, Options } from './options.js'
import type { Tls } from './tls.js'

/** Who a node is to others; filled in as it becomes known, before anybody asks. */
export interface Self {
  id: NodeId
  name: string
  /** host:port that other nodes dial; none if nobody does. */
  address: string
}

export interface BackboneParts {
  readonly options: Options
  readonly self: Self
  /** What peers prove to each other that they know; the same list, whatever is in it. */
  readonly secrets: readonly Uint8Array[]
  /** Of this node; peers take it for theirs as well. */
  readonly tls: Tls | undefined
  step(input: Input): void
  report(report: Report): void
}

/** What a node runs on: links to its peers, or a log that others keep. */
export interface Backbone {
  readonly counters: { readonly [name: string]: number }
  /** Who founds a cluster has nobody to look for. */
  readonly founds: boolean
  /** Binds what others connect to, and says where that is; nothing if there is nothing of the kind. */
  listen(): Promise<Address | undefined>
  /** Another certificate, for new connections. */
  renew(tls: Tls | undefined): void
  /** The engine that goes with it. */
  engine(options: CoreOptions): EngineFace
  /** The engine is there, and can be told. */
  begin(): void
  /** Those effects that are not about readers and publishers. */
  carryOut(effect: Effect): void
  close(): Promise<void>
}
