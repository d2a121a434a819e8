/**
 * What happened, folded into one number, so that two runs of one seed can be compared ("unseed"); in words only if
 * somebody wants to read it.
 */
export class Trace {
  #hash = 0x811c9dc5
  readonly lines: string[] = []

  constructor(readonly verbose: boolean) {}

  get hash(): number {
    return this.#hash >>> 0
  }

  mix(number: number): void {
    this.#hash = Math.imul(this.#hash ^ (number | 0), 0x01000193)
    this.#hash ^= this.#hash >>> 15
  }

  note(atMs: number, host: number, type: string, count: number): void {
    this.mix(atMs * 1000)
    this.mix(host * 64 + type.length * 8 + type.charCodeAt(0))
    this.mix(count)
  }

  tell(atMs: number, line: () => string): void {
    if (this.verbose) this.lines.push(`${atMs.toFixed(3).padStart(10)} ${line()}`)
  }
}
