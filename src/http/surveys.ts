import { setImmediate, setTimeout } from 'node:timers/promises'
import type { ListedChannel, SurveyWish } from '../effect.js'
import { EngineError } from '../errors.js'
import type { Bus } from '../ports.js'

/** Channels looked at without a pause, and for how long: others are served between. */
const stepCount = 256
const stepMs = 1
/** A list is good for so long. */
const freshMs = 1000
/** After a survey there is none for so many times as long as it took: all of them together take a twentieth of the time. */
const restFactor = 19
/** Different lists that wait to be made; who asks for one that is being made waits for the same. */
const waitingMax = 16

/** What `/channels` tells. */
export interface ChannelList {
  /** All that there are, and those that fit. */
  readonly total: number
  readonly matched: number
  readonly channels: readonly ListedChannel[]
}

interface Kept {
  readonly list: ChannelList
  readonly atMs: number
}

/** Makes lists of channels, one after the other, so that however many there are and ask, it costs a node next to nothing. */
export class Surveys {
  readonly #bus: Bus
  readonly #kept = new Map<string, Kept>()
  readonly #making = new Map<string, Promise<ChannelList>>()
  #last: Promise<unknown> = Promise.resolve()
  #restUntilMs = 0

  constructor(bus: Bus) {
    this.#bus = bus
  }

  /** A list that is a second old at the most; or older, if one is not to be had so soon. Rejects with an EngineError. */
  list(wish: SurveyWish): Promise<ChannelList> {
    const key = JSON.stringify([wish.count, wish.by, wish.match])
    const nowMs = performance.now()
    const kept = this.#kept.get(key)
    if (kept && nowMs < Math.max(kept.atMs + freshMs, this.#restUntilMs)) return Promise.resolve(kept.list)
    const making = this.#making.get(key)
    if (making) return making
    if (this.#making.size >= waitingMax)
      return Promise.reject(new EngineError('overloaded', 'too many lists of channels are asked for'))
    const made = this.#make(key, wish, this.#last)
    this.#making.set(key, made)
    this.#last = made.catch(() => {})
    return made
  }

  async #make(key: string, wish: SurveyWish, before: Promise<unknown>): Promise<ChannelList> {
    try {
      await before
      const restMs = this.#restUntilMs - performance.now()
      if (restMs > 0) await setTimeout(restMs, undefined, { ref: false })
      const list = await this.#walk(wish)
      this.#keep(key, list)
      return list
    } finally {
      this.#making.delete(key)
    }
  }

  async #walk(wish: SurveyWish): Promise<ChannelList> {
    const survey = this.#bus.survey(wish)
    let spentMs = 0
    for (let goesOn = true; goesOn; ) {
      const startMs = performance.now()
      do goesOn = survey.walk(stepCount)
      while (goesOn && performance.now() - startMs < stepMs)
      spentMs += performance.now() - startMs
      if (goesOn) await setImmediate()
    }
    this.#restUntilMs = performance.now() + spentMs * restFactor
    const { matched, listed } = survey
    return { total: this.#bus.status().gauges['channels'] ?? 0, matched, channels: listed }
  }

  #keep(key: string, list: ChannelList): void {
    const [oldest] = this.#kept.keys()
    if (this.#kept.size >= waitingMax && oldest !== undefined) this.#kept.delete(oldest)
    this.#kept.delete(key)
    this.#kept.set(key, { list, atMs: performance.now() })
  }
}
