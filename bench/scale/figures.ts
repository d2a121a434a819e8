import type { Machine } from '../../bin/bench/machine.js'
import type { Counted } from './counted.js'
import type { OnStream } from './jetstream.js'
import type { Join } from './join.js'
import type { Live } from './live.js'
import type { Stall } from './stall.js'

/** All that was measured: what models are fitted to, and the page is drawn from. */
export interface Figures {
  readonly machine: Machine
  /** Below 0 what is measured went before what else the machine did. */
  readonly priority: number
  /** Messages a second in process, and by processes; bytes of one. */
  readonly countedRate: number
  readonly liveRate: number
  readonly size: number
  readonly counted: readonly Counted[]
  readonly live: readonly Live[]
  readonly stalls: readonly Stall[]
  readonly joins: readonly Join[]
  readonly streams: readonly OnStream[]
  /** Of the nats-server; nothing if there is none. */
  readonly nats?: string | undefined
  /** What could not be measured, and why. */
  readonly missing: readonly string[]
  readonly seconds: number
}
