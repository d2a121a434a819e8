import type { Effect, Input } from '../../src/effect.js'
import { Engine } from '../../src/engine.js'
import { coreDefaults } from '../../src/limits.js'
import { allRules, type Rules } from '../../src/log/rules.js'
import { Prng } from '../../src/verify/prng.js'
import { checkWire, copy } from './copy.js'
import { Dialer } from './dialer.js'
import { Host, Life, type Pending } from './life.js'
import { Network } from './network.js'
import type { Scenario } from './scenario.js'
import { Schedule } from './schedule.js'
import type { Trace } from './trace.js'
import { Violation } from './violation.js'

/** In every so many seeds each message also has to pass the real codec, which takes as long as all the rest. */
const wireEvery = 8

/** Who looks on. */
export interface Witness {
  /** A step was taken; nothing of it has been carried out yet. */
  stepped(life: Life, effects: readonly Effect[]): void
  /** One of its effects is carried out, which is the moment when it counts. */
  done(life: Life, effect: Effect): void
  started(life: Life): void
  died(life: Life): void
}

/** A timer rings a little late, as everybody's. */
const alarmLateMs = 1.5
const auditMs = 1000

/** Hosts with their lives, in virtual time. It carries out what engines ask for, as `Node` does; nothing else happens. */
export class World {
  readonly schedule = new Schedule()
  readonly hosts: readonly Host[]
  readonly network: Network
  readonly prng: Prng
  readonly rules: Rules
  steps = 0
  #witness: Witness | undefined

  constructor(
    readonly scenario: Scenario,
    readonly trace: Trace,
    rules: Partial<Rules> = {},
  ) {
    this.rules = { ...allRules, ...rules }
    this.prng = new Prng(`world:${scenario.profile}:${scenario.seed}`)
    const clocks = this.prng.fork('clocks')
    this.hosts = Array.from({ length: scenario.hosts }, (_, i) => {
      const skewMs = clocks.between(-1, 1) * scenario.skewMs
      return new Host(i, Math.round(skewMs), 1 + clocks.between(-1e-4, 1e-4))
    })
    this.network = new Network({
      schedule: this.schedule,
      hosts: this.hosts,
      conditions: scenario.conditions,
      prng: this.prng.fork('network'),
      input: (life, input) => this.input(life, input),
      when: (life, run) => this.when(life, run),
    })
  }

  set witness(witness: Witness) {
    this.#witness = witness
  }

  get lives(): Life[] {
    return this.hosts.flatMap(({ life }) => life ?? [])
  }

  get nowMs(): number {
    return this.schedule.nowMs
  }

  start(host: Host): void {
    if (host.life || host.abandoned) return
    const { scenario } = this
    const founder = scenario.hosts === 1 || (scenario.founder && host.index === 0)
    const { name, address } = host
    this.#setClock(host)
    const options = { ...coreDefaults, ...scenario.core, name, address, url: `http://${name}:7400`, founder }
    const prng = this.prng.fork(`life:${host.index}:${host.lives++}`)
    const { rules } = this
    const life = new Life(host, this.nowMs, (now) => new Engine({ options, random: prng.fork('id').next, now, rules }))
    host.life = life
    host.pausedUntilMs = 0
    this.trace.tell(this.nowMs, () => `${name} starts as ${life.id}`)
    this.#witness?.started(life)
    const others = founder ? [] : this.hosts.filter((other) => other !== host)
    life.dialer = new Dialer(life, this.network, prng.fork('dialer').next, others)
    this.#setAlarm(life)
    this.#audit(life)
  }

  /** A life's id begins with the wall time of its start, and the younger life must have the greater: see `clockBack`. */
  #setClock(host: Host): void {
    const behind = host.startedWall + 1 - host.wall(this.nowMs)
    if (behind > 0 && !this.scenario.clockBack) host.skewMs += behind
    host.startedWall = host.wall(this.nowMs)
  }

  /** Asks it regularly whether its invariants hold. */
  #audit(life: Life): void {
    this.schedule.after(auditMs, () => {
      if (!life.alive) return
      this.audit(life)
      this.#audit(life)
    })
  }

  audit(life: Life): void {
    const [broken] = life.engine.audit()
    if (broken !== undefined) throw new Violation(broken.split(':')[0] ?? 'I', `${broken} at ${life.host.name}`)
  }

  when(life: Life, run: () => void): void {
    if (!life.alive) return
    if (this.nowMs < life.host.pausedUntilMs) life.inbox.push(run)
    else run()
  }

  pause(host: Host, forMs: number): void {
    if (!host.life) return
    host.pausedUntilMs = Math.max(host.pausedUntilMs, this.nowMs + forMs)
    const { life } = host
    this.schedule.at(host.pausedUntilMs, () => this.#resume(life))
  }

  resume(host: Host): void {
    host.pausedUntilMs = Math.min(host.pausedUntilMs, this.nowMs)
    if (host.life) this.#resume(host.life)
  }

  /** Timers come before sockets: first what is due, then what has come. */
  #resume(life: Life): void {
    if (!life.alive || this.nowMs < life.host.pausedUntilMs) return
    life.resumedMs = this.nowMs
    if (life.engine.wakeAt <= life.now(this.nowMs).ms) this.input(life, { type: 'tick' })
    for (const run of life.inbox.splice(0)) if (life.alive) run()
  }

  crash(host: Host, how: { readonly silent: boolean; readonly lost: boolean }): void {
    const { life } = host
    if (!life) return
    this.trace.tell(this.nowMs, () => `${host.name} dies`)
    life.alive = false
    host.life = undefined
    for (const link of [...life.links.values()]) link.died(life, how)
    this.#witness?.died(life)
    if (!how.silent) for (const pending of life.pending) this.#fail(pending)
    life.pending.clear()
  }

  #fail(pending: Pending): void {
    this.schedule.after(this.prng.between(0.1, 20), () => pending.failed())
  }

  /** Takes one step of an engine, now; never from within another one. */
  input(life: Life, input: Input): void {
    if (!life.alive) return
    this.steps++
    let effects: readonly Effect[]
    try {
      effects = life.engine.step(input, life.now(this.nowMs))
    } catch (error) {
      const what = error instanceof Error ? error.stack : String(error)
      throw new Violation('throw', `${input.type} at ${life.host.name}: ${what}`, { cause: error })
    }
    this.trace.note(this.nowMs, life.host.index, input.type, effects.length)
    this.#tell(life, input)
    this.#witness?.stepped(life, effects)
    for (const effect of effects) this.#carryOut(life, effect)
    if (life.alive) this.#setAlarm(life)
  }

  #tell(life: Life, input: Input): void {
    if (!this.trace.verbose || input.type === 'tick') return
    const message = input.type === 'received' ? input.message : undefined
    if (message?.type === 'heartbeat') return
    this.trace.tell(this.nowMs, () => `${life.host.name} <- ${textOf(message ?? input)}`)
  }

  #carryOut(life: Life, effect: Effect): void {
    if (!life.alive) return
    if (effect.type === 'send') {
      const message = copy(effect.message)
      if (this.scenario.seed % wireEvery === 0) checkWire(message)
      for (const peer of effect.to) {
        if (!life.alive) return
        life.links.get(peer)?.send(life, message)
        this.#spend(life)
      }
      return
    }
    this.#witness?.done(life, effect)
    if (effect.type === 'dial') this.#dial(life, effect)
    else if (effect.type === 'forget') this.#dial(life, effect)
    else if (effect.type === 'hangup') this.#hangup(life, effect)
    else if (effect.type === 'report')
      this.trace.tell(this.nowMs, () => `${life.host.name} !! ${textOf(effect.report)}`)
    this.#spend(life)
  }

  #dial(life: Life, effect: Effect & { readonly type: 'dial' | 'forget' }): void {
    const host = this.hosts.find(({ address }) => address === effect.address)
    if (!host || !life.dialer) throw new Violation('shell', `${effect.type} of ${effect.address}`)
    if (effect.type === 'dial') life.dialer.dial(host, effect.peer)
    else life.dialer.forget(host, effect.peer)
  }

  /** Only who breaks the rules is hung up on, and here nobody does. */
  #hangup(life: Life, effect: Effect & { readonly type: 'hangup' }): void {
    throw new Violation('hangup', `${life.host.name} hangs up on ${effect.peer}: ${effect.reason}`)
  }

  /** A crash may come between any two effects of one step. */
  #spend(life: Life): void {
    if (--life.effectsLeft > 0) return
    this.crash(life.host, { silent: this.prng.chance(0.3), lost: this.prng.chance(0.5) })
  }

  #setAlarm(life: Life): void {
    const { wakeAt } = life.engine
    const dueMs = Math.max(life.trueMs(wakeAt), this.nowMs)
    if (!Number.isFinite(dueMs) || dueMs >= life.alarmMs) return
    const atMs = dueMs + this.prng.next() * alarmLateMs + life.host.slowMs
    life.alarmMs = dueMs
    this.schedule.at(atMs, () => this.#ring(life, dueMs))
  }

  #ring(life: Life, dueMs: number): void {
    if (!life.alive || life.alarmMs !== dueMs) return
    life.alarmMs = Number.POSITIVE_INFINITY
    if (this.nowMs < life.host.pausedUntilMs) return
    if (life.engine.wakeAt <= life.now(this.nowMs).ms) this.input(life, { type: 'tick' })
    else this.#setAlarm(life)
  }
}

const textOf = (value: object): string =>
  JSON.stringify(value, (name, each: unknown) => {
    if (each instanceof Uint8Array) return new TextDecoder().decode(each)
    return name === 'waiter' || name === 'reader' || name === 'publisher' || name === 'digest' ? undefined : each
  })
