/**
 * Whether `text` is like `pattern`, in which each `*` stands for any characters, or none. A star that was passed once
 * need never be tried at an earlier place again, so it takes at most the product of both lengths.
 */
export const isLike = (pattern: string, text: string): boolean => {
  let [p, at, star, resume] = [0, 0, -1, 0]
  while (at < text.length) {
    if (pattern[p] === '*') {
      star = p++
      resume = at
    } else if (pattern[p] === text[at]) {
      p++
      at++
    } else if (star >= 0) {
      p = star + 1
      at = ++resume
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

/** One of several patterns. */
export class Patterns {
  readonly all: readonly string[]
  readonly #exact: ReadonlySet<string>
  readonly #wild: readonly string[]

  constructor(all: readonly string[]) {
    this.all = all
    this.#exact = new Set(all.filter((pattern) => !pattern.includes('*')))
    this.#wild = all.filter((pattern) => pattern.includes('*'))
  }

  get isEmpty(): boolean {
    return this.all.length === 0
  }

  allow(text: string): boolean {
    return this.#exact.has(text) || this.#wild.some((pattern) => isLike(pattern, text))
  }
}
