import { whole } from './table.js'
import { say } from './terminal.js'

const everyMs = 250
/** Where lines stay, fewer of them. */
const everyPlainMs = 5000

/** Says on standard error how many there were until now, and how many a second: on a terminal in one line that changes. */
export class Meter {
  readonly #what: string
  readonly #isLive = process.stderr.isTTY === true
  readonly #startMs = performance.now()
  readonly #timer: NodeJS.Timeout | undefined
  #count = 0

  constructor(what: string, isOn: boolean) {
    this.#what = what
    if (isOn) this.#timer = setInterval(() => this.#show(), this.#isLive ? everyMs : everyPlainMs).unref()
  }

  add(count: number): void {
    this.#count += count
  }

  end(): void {
    if (!this.#timer) return
    clearInterval(this.#timer)
    if (this.#isLive) process.stderr.write('\r\u001b[K')
    say(this.#text)
  }

  get #text(): string {
    const seconds = (performance.now() - this.#startMs) / 1000
    return `carillon: ${whole(this.#count)} ${this.#what} in ${seconds.toFixed(1)} s, ${whole(this.#count / seconds)}/s`
  }

  #show(): void {
    if (this.#isLive) process.stderr.write(`\r\u001b[K${this.#text}`)
    else say(this.#text)
  }
}
