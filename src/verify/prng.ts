/** Spreads text over 32 bits; four of these seed one generator. */
const spread = (text: string, salt: number): number => {
  let hash = 0x9e3779b9 ^ salt
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x85ebca6b)
    hash ^= hash >>> 13
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35)
  return (hash ^ (hash >>> 15)) >>> 0
}

/**
 * Seeded dice (sfc32). A fork depends on its name only, not on what was drawn before: so leaving a fault out of a run
 * does not change the dice of anything else, which is what lets a failure be cut down to few faults.
 */
export class Prng {
  readonly #seed: string
  #a: number
  #b: number
  #c: number
  #count = 1

  constructor(seed: string) {
    this.#seed = seed
    this.#a = spread(seed, 1)
    this.#b = spread(seed, 2)
    this.#c = spread(seed, 3)
    for (let i = 0; i < 8; i++) this.next()
  }

  fork(name: string | number): Prng {
    return new Prng(`${this.#seed}/${name}`)
  }

  /** In [0, 1). */
  readonly next = (): number => {
    const sum = (((this.#a + this.#b) | 0) + this.#count) | 0
    this.#count = (this.#count + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }

  /** A whole number in [0, end). */
  below(end: number): number {
    return Math.floor(this.next() * end)
  }

  /** In [least, most). */
  between(least: number, most: number): number {
    return least + this.next() * (most - least)
  }

  /** Like `between`, but each order of magnitude is as likely as the next. */
  scaled(least: number, most: number): number {
    return least * (most / least) ** this.next()
  }

  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }

  /** Some of the list, in its order; at least `least`, fewer than all if `least` allows. */
  some<T>(list: readonly T[], least: number, most: number): T[] {
    const count = Math.min(list.length, this.whole(least, most))
    return this.shuffled(list).slice(0, count)
  }

  shuffled<T>(list: readonly T[]): T[] {
    return list
      .map((item) => ({ item, at: this.next() }))
      .sort((x, y) => x.at - y.at)
      .map(({ item }) => item)
  }

  /** Waiting times of things that happen `meanMs` apart on average. */
  wait(meanMs: number): number {
    return -Math.log(1 - this.next()) * meanMs
  }
}
