import type { Now } from '../../src/effect.js'
import type { EngineFace } from '../../src/engine.js'
import type { NodeId } from '../../src/log/node-id.js'
import type { Dialer } from './dialer.js'
import type { Link } from './link.js'

/** Somebody who waits for an answer of a life, and wants to know when it has died. */
export interface Pending {
  failed(): void
}

/** As true time begins: 2023. */
const epochMs = 1_700_000_000_000

/** A machine: it keeps its name, address and clocks, while lives come and go. */
export class Host {
  life: Life | undefined
  /** What its wall clock is off by. */
  skewMs: number
  slowMs = 0
  /** The slowest it ever was. */
  slowestMs = 0
  pausedUntilMs = 0
  /** It is down, and nobody will start it again. */
  abandoned = false
  lives = 0
  /** What its wall clock showed when it was last started. */
  startedWall = 0
  readonly name: string
  readonly address: string

  constructor(
    readonly index: number,
    skewMs: number,
    /** Its monotonic clock runs so much faster than true time. */
    readonly rate: number,
  ) {
    this.skewMs = skewMs
    this.name = `n${index}`
    this.address = `n${index}:7500`
  }

  wall(trueMs: number): number {
    return Math.floor(epochMs + trueMs + this.skewMs)
  }
}

/** One life of a node: an engine with its connections, from start to crash. */
export class Life {
  alive = true
  /** It takes part in no new connections and ends soon. */
  leaving = false
  /** What came while it was paused. */
  readonly inbox: (() => void)[] = []
  readonly links = new Map<NodeId, Link>()
  readonly pending = new Set<Pending>()
  /** Effects that are still carried out before it crashes. */
  effectsLeft = Number.POSITIVE_INFINITY
  /** When the alarm is set to ring, in true time. */
  alarmMs = Number.POSITIVE_INFINITY
  engine: EngineFace
  dialer: Dialer | undefined
  /** When it was last known to be in time, for judging how late it is. */
  resumedMs: number

  constructor(
    readonly host: Host,
    readonly bornMs: number,
    make: (now: Now) => EngineFace,
  ) {
    this.resumedMs = bornMs
    this.engine = make(this.now(bornMs))
  }

  get id(): NodeId {
    return this.engine.id
  }

  now(trueMs: number): Now {
    return { ms: 40 + (trueMs - this.bornMs) * this.host.rate, wall: this.host.wall(trueMs) }
  }

  trueMs(ms: number): number {
    return this.bornMs + (ms - 40) / this.host.rate
  }
}
