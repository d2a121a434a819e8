/** What a benchmark's message says of itself. */
export interface Mark {
  readonly publisher: number
  readonly channel: number
  /** Of this publisher in this channel, from 1. */
  readonly n: number
  /** When it was to be sent, on the clock below. */
  readonly at: number
}

/** Milliseconds on a clock that all processes of a machine share. */
export const clock = (): number => {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}

/** A message of about `size` bytes. */
export const write = ({ publisher, channel, n, at }: Mark, size: number): string => {
  const head = `{"p":${publisher},"c":${channel},"n":${n},"t":${at.toFixed(3)},"x":"`
  return `${head}${'x'.repeat(Math.max(0, size - head.length - 2))}"}`
}

interface Told {
  readonly p?: number
  readonly c?: number
  readonly n?: number
  readonly t?: number
}

export const read = ({ p = 0, c = 0, n = 0, t = 0 }: Told): Mark => ({ publisher: p, channel: c, n, at: t })

/** What a subscriber, or all of them, got that it should not have got, or did not get. */
export interface Faults {
  lost: number
  doubled: number
  disordered: number
  gaps: number
  errors: number
}

export const noFaults = (): Faults => ({ lost: 0, doubled: 0, disordered: 0, gaps: 0, errors: 0 })

export const addFaults = (into: Faults, more: Faults): void => {
  for (const name of Object.keys(into) as (keyof Faults)[]) into[name] += more[name]
}

export const keyOf = ({ publisher, channel }: Pick<Mark, 'publisher' | 'channel'>): string => `${publisher}:${channel}`

/** Looks that each message of each publisher and channel comes once and in its order. */
export class Check {
  readonly faults = noFaults()
  readonly #seen = new Map<string, number>()

  take(mark: Mark): void {
    const key = keyOf(mark)
    const last = this.#seen.get(key) ?? 0
    if (mark.n === last + 1) this.#seen.set(key, mark.n)
    else if (mark.n === last) this.faults.doubled++
    else if (mark.n < last) this.faults.disordered++
    else {
      this.faults.lost += mark.n - last - 1
      this.#seen.set(key, mark.n)
    }
  }

  /** How many are still to come, of these that there are. */
  missing(last: number, key: string): number {
    return Math.max(0, last - (this.#seen.get(key) ?? 0))
  }

  /** It begins again, from the first. */
  reset(): void {
    this.#seen.clear()
  }
}
