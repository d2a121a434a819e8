import type { CoreOptions } from '../../src/limits.js'
import { Prng } from '../../src/verify/prng.js'
import { type Fault, type FaultKind, faultKinds, planFaults } from './faults.js'

/** How the wires are. */
export interface Conditions {
  /** One way. */
  readonly baseMs: number
  readonly jitterMs: number
  /** A connection over which nothing came for about so long is given up by its ends. */
  readonly pingTimeoutMs: number
  /** Of each message apart; none with FIFO connections, which is what nodes really have. */
  readonly drop: number
  readonly duplicate: number
  readonly reorder: number
}

/** What the clients do. */
export interface Load {
  readonly channels: number
  readonly publishers: number
  readonly readers: number
  readonly publishEveryMs: number
  /** Answers that get lost between node and client. */
  readonly lostAnswers: number
  readonly localAck: boolean
  readonly twoCopies: boolean
  readonly batches: boolean
  readonly paddingMost: number
}

/** Everything that a run is made of; all of it follows from the seed and the profile. */
export interface Scenario {
  readonly seed: number
  readonly profile: string
  readonly hosts: number
  /** Whether the first host is one that needs nobody to join. */
  readonly founder: boolean
  readonly core: Partial<CoreOptions>
  readonly conditions: Conditions
  readonly skewMs: number
  /** May a host start again with a wall clock that shows less than at its former start? */
  readonly clockBack: boolean
  readonly load: Load
  /** When all that is wrong is put right. */
  readonly healMs: number
  /** Hosts that are down then and stay so. */
  readonly abandon: number
  readonly faults: readonly Fault[]
}

interface Tuning {
  readonly kinds: (prng: Prng) => readonly FaultKind[]
  readonly hosts: (prng: Prng) => number
  readonly core?: (prng: Prng) => Partial<CoreOptions>
  readonly conditions?: (prng: Prng) => Partial<Conditions>
  readonly load?: (prng: Prng) => Partial<Load>
  readonly everyMs?: (prng: Prng) => number
  readonly longestMs?: (prng: Prng) => number
  readonly faultyMs?: (prng: Prng) => number
}

const usualHosts = (prng: Prng): number => prng.pick([1, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 7])
const swarm = (prng: Prng): readonly FaultKind[] => faultKinds.filter(() => prng.chance(0.4))
const lossy = (prng: Prng): Partial<Conditions> => ({
  drop: prng.chance(0.7) ? prng.scaled(0.002, 0.1) : 0,
  duplicate: prng.chance(0.5) ? prng.scaled(0.002, 0.1) : 0,
  reorder: prng.chance(0.7) ? prng.scaled(0.005, 0.2) : 0,
})
const tinyRings = (prng: Prng): Partial<CoreOptions> => ({ retentionCount: prng.whole(3, 30) })
const shortRetention = (prng: Prng): Partial<CoreOptions> => ({ retentionMs: prng.scaled(300, 3000) })
const smallCaps = (prng: Prng): Partial<CoreOptions> => ({
  ...(prng.chance(0.5) ? { retentionBytes: prng.whole(2000, 20_000) } : {}),
  ...(prng.chance(0.4) ? { unstableBytes: prng.whole(1500, 6000) } : {}),
  ...(prng.chance(0.4) ? { frameBytes: prng.whole(300, 3000) } : {}),
  ...(prng.chance(0.4) ? { answerBytes: prng.whole(100, 2000) } : {}),
  ...(prng.chance(0.3) ? { queueMax: prng.whole(1, 8) } : {}),
})

/** Every profile draws its own mix for each seed; `swarm` may draw anything. */
export const profiles: { readonly [name: string]: Tuning } = {
  swarm: {
    kinds: swarm,
    hosts: usualHosts,
    core: (prng) => ({
      ...(prng.chance(0.3) ? tinyRings(prng) : {}),
      ...(prng.chance(0.15) ? shortRetention(prng) : {}),
      ...(prng.chance(0.2) ? smallCaps(prng) : {}),
    }),
    conditions: (prng) => (prng.chance(0.25) ? lossy(prng) : {}),
  },
  calm: { kinds: () => [], hosts: usualHosts },
  crashes: { kinds: () => ['crash', 'twice'], hosts: (prng) => prng.whole(2, 5) },
  cuts: { kinds: () => ['cut', 'partition', 'swizzle', 'reset', 'pause'], hosts: (prng) => prng.whole(2, 5) },
  blackout: { kinds: () => ['blackout', 'crash'], hosts: (prng) => prng.whole(1, 3), everyMs: () => 2500 },
  messages: { kinds: swarm, hosts: (prng) => prng.whole(2, 5), conditions: lossy },
  clocks: { kinds: () => ['jump', 'crash', 'twice', 'pause', 'cut'], hosts: (prng) => prng.whole(2, 4) },
  clocksback: { kinds: () => ['jump', 'crash', 'leave'], hosts: (prng) => prng.whole(2, 3) },
  tiny: {
    kinds: swarm,
    hosts: (prng) => prng.whole(2, 5),
    core: (prng) => ({ ...tinyRings(prng), ...smallCaps(prng) }),
  },
  retention: {
    kinds: swarm,
    hosts: (prng) => prng.whole(2, 4),
    core: shortRetention,
    faultyMs: (prng) => prng.between(15_000, 40_000),
    load: (prng) => ({ publishEveryMs: prng.scaled(60, 400) }),
  },
  dense: {
    kinds: (prng) => faultKinds.filter(() => prng.chance(0.6)),
    hosts: (prng) => prng.whole(2, 5),
    everyMs: (prng) => prng.scaled(15, 130),
    longestMs: (prng) => prng.scaled(200, 2000),
    faultyMs: (prng) => prng.between(3000, 8000),
  },
}

export const scenarioOf = (seed: number, profile: string): Scenario => {
  const tuning = profiles[profile]
  if (!tuning) throw new RangeError(`no profile ${profile}; there are: ${Object.keys(profiles).join(', ')}`)
  const prng = new Prng(`${profile}:${seed}`)
  const hosts = tuning.hosts(prng.fork('hosts'))
  const core = coreOf(tuning, prng.fork('core'))
  const settleMs = 3000
  const healMs = settleMs + (tuning.faultyMs?.(prng.fork('length')) ?? prng.fork('length').scaled(4000, 15_000))
  const dice = prng.fork('faults')
  const everyMs = tuning.everyMs?.(dice) ?? dice.scaled(250, 4000)
  const longestMs = tuning.longestMs?.(dice) ?? dice.scaled(500, 9000)
  const plan = { hosts, everyMs, longestMs, fromMs: dice.chance(0.3) ? 0 : settleMs, untilMs: healMs }
  return {
    seed,
    profile,
    hosts,
    core,
    healMs,
    founder: prng.fork('founder').chance(0.5),
    skewMs: prng.fork('skew').chance(0.5) ? prng.fork('skew').scaled(1, 60_000) : 0,
    clockBack: profile === 'clocksback',
    abandon: prng.fork('abandon').chance(0.3) ? prng.fork('abandon').below(hosts) : 0,
    conditions: { ...conditionsOf(prng.fork('conditions')), ...tuning.conditions?.(prng.fork('lossy')) },
    load: { ...loadOf(prng.fork('load')), ...tuning.load?.(prng.fork('load')) },
    faults: planFaults({ kinds: tuning.kinds(prng.fork('kinds')), ...plan }, prng.fork('plan')),
  }
}

const coreOf = (tuning: Tuning, prng: Prng): Partial<CoreOptions> => ({
  bootstrapMs: prng.scaled(300, 2000),
  heartbeatMs: prng.pick([100, 250, 250]),
  suspectMs: prng.pick([600, 1000, 2000, 3000]),
  coalesceMs: prng.pick([0, 2, 2, 5]),
  retransmitMs: prng.pick([50, 100, 100]),
  proposeMs: prng.pick([400, 1000, 1000]),
  publishTimeoutMs: prng.pick([1500, 4000, 10_000]),
  retentionCount: 1000,
  retentionMs: 300_000,
  ...tuning.core?.(prng),
})

const conditionsOf = (prng: Prng): Conditions => ({
  baseMs: prng.scaled(0.1, 15),
  jitterMs: prng.scaled(0.05, 10),
  pingTimeoutMs: prng.scaled(500, 8000),
  drop: 0,
  duplicate: 0,
  reorder: 0,
})

const loadOf = (prng: Prng): Load => ({
  channels: prng.whole(1, 4),
  publishers: prng.whole(1, 4),
  readers: prng.whole(2, 7),
  publishEveryMs: prng.scaled(15, 200),
  lostAnswers: prng.chance(0.4) ? prng.scaled(0.005, 0.1) : 0,
  localAck: prng.chance(0.1),
  twoCopies: prng.chance(0.15),
  batches: prng.chance(0.4),
  paddingMost: prng.pick([0, 0, 60, 3000]),
})
