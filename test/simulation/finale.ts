import type { NodeId } from '../../src/log/node-id.js'
import type { Run } from './run.js'
import { type Attempt, precedes, vectorOf } from './truth.js'
import { Violation } from './violation.js'

/** What may have been evicted: something in its way has reached its limit. */
class Eviction {
  readonly #run: Run
  readonly #after = new Map<Attempt, { count: number; bytes: number }>()

  constructor(run: Run) {
    this.#run = run
    const counts = new Map<string, number>()
    let bytes = 0
    const stamped = run.truth.stamped().sort((a, b) => (precedes(a, b) ? 1 : -1))
    for (const attempt of stamped) {
      const { channel } = attempt.payload
      const count = counts.get(channel) ?? 0
      bytes += attempt.size
      this.#after.set(attempt, { count, bytes })
      counts.set(channel, count + 1)
    }
  }

  may(attempt: Attempt): boolean {
    const { core } = this.#run.scenario
    const after = this.#after.get(attempt)
    // Nobody has seen where it is: it must have been evicted in the step that showed it.
    if (!after) return attempt.origin === undefined && this.#run.room.evicts()
    const { retentionCount = 1000, retentionMs = 300_000, retentionBytes = Number.POSITIVE_INFINITY } = core
    const ageMs = this.#run.world.nowMs - attempt.sentMs
    return after.count >= retentionCount || after.bytes > retentionBytes || ageMs > retentionMs * 0.999
  }
}

/** Why the cluster is not yet one again; undefined when it is (C7). */
export const unsettled = (run: Run): string | undefined => {
  const { world, views } = run
  const { lives } = world
  const missing = world.hosts.find((host) => !host.life && !host.abandoned)
  if (run.underWay > 0) return 'publishers wait for an answer'
  if (missing) return `${missing.name} is not up`
  for (const life of lives) {
    const { ready, state, view, gauges } = life.engine.status(life.now(world.nowMs))
    if (!ready || state !== 'ready') return `${life.host.name} is ${state}`
    if (views.of(life).members.length !== lives.length) return `${life.host.name} is in a view of ${view.members}`
    if (gauges['unstable_bytes'] || gauges['publishing']) return `${life.host.name} has publishes under way`
  }
  const [first] = lives
  const apart = lives.find((life) => first && views.of(life).text !== views.of(first).text)
  if (apart && first) return `${first.host.name} and ${apart.host.name} are in different views`
  const tips = lives.map((life) => JSON.stringify([...vectorOf(run.tip(life)).vector].sort()))
  const odd = tips.findIndex((tip) => tip !== tips[0])
  return odd > 0 ? `${lives[odd]?.host.name} has shown ${tips[odd]}, ${first?.host.name} ${tips[0]}` : undefined
}

interface Kept {
  readonly name: string
  /** In the order it is given. */
  readonly kept: ReadonlySet<Attempt>
}

const ringsOf = (run: Run): Kept[] =>
  run.world.lives.map((life) => ({
    name: life.host.name,
    kept: new Set(run.kept(life).map(({ attempt }) => attempt)),
  }))

/**
 * All nodes keep the same, each once, in canonical order; but that limits of bytes and age are reached at one node
 * sooner than at another.
 */
const sameRings = (run: Run): void => {
  const eviction = new Eviction(run)
  const rings = ringsOf(run)
  for (const { name, kept } of rings) inOrder(name, [...kept])
  for (const one of rings)
    for (const other of rings)
      for (const attempt of one.kept)
        if (
          !other.kept.has(attempt) &&
          !eviction.may(attempt) &&
          !isRepeat(run, attempt, (each) => other.kept.has(each) || eviction.may(each))
        )
          throw new Violation('C7', `${one.name} keeps ${attempt}, ${other.name} does not`)
}

const inOrder = (name: string, kept: readonly Attempt[]): void => {
  for (let i = 1; i < kept.length; i++) {
    const [a, b] = [kept[i - 1], kept[i]]
    if (a && b && !precedes(a, b)) throw new Violation('I9', `${name} keeps ${a} before ${b}`)
  }
}

/**
 * On two sides of a split the same key may have been free and taken: then each keeps what it has shown, or has kept it
 * until it was evicted.
 */
const isRepeat = ({ views }: Run, attempt: Attempt, wasKept: (other: Attempt) => boolean): boolean =>
  views.split &&
  attempt.payload.key !== undefined &&
  attempt.payload.attempts.some((other) => other !== attempt && other.origin !== undefined && wasKept(other))

/** What no node has evicted by now. */
export const stillKept = (run: Run): readonly Attempt[] => {
  const [first, ...others] = ringsOf(run)
  return [...(first?.kept ?? [])].filter((attempt) => others.every(({ kept }) => kept.has(attempt)))
}

/**
 * C1, C6: what was acknowledged or shown is kept by every node, as long as one of those that held it then has lived on;
 * of a keyed one any try will do.
 */
const nothingLost = (run: Run): void => {
  const eviction = new Eviction(run)
  const alive = new Set<NodeId>(run.world.lives.map(({ id }) => id))
  const rings = ringsOf(run)
  for (const { attempts, key } of run.truth.payloads)
    for (const attempt of attempts) {
      const any = key === undefined ? [attempt] : attempts
      if (rings.every(({ kept }) => any.some((each) => kept.has(each)))) continue
      const holders = attempt.claims.find((members) => members.some((id) => alive.has(id)))
      if (isRepeat(run, attempt, (each) => eviction.may(each))) continue
      if (holders && !eviction.may(attempt)) throw new Violation('C1', `${attempt} is gone; ${holders} had it`)
    }
}

/** What all nodes keep, after everything has healed and settled; they must agree on it. */
export const keptByAll = (run: Run): readonly Attempt[] => {
  for (const life of run.world.lives) run.world.audit(life)
  sameRings(run)
  nothingLost(run)
  return stillKept(run)
}
