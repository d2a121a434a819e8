import { say } from './terminal.js'

const width = 24
const everyPlainMs = 5000

/** How much of something is done, from 0 to 1, as people see it at once. */
export const bar = (share: number): string => {
  const full = Math.round(Math.min(1, share) * width)
  return '#'.repeat(full) + '.'.repeat(width - full)
}

/** Shows on standard error how far something is: on a terminal in one line that changes. */
export class ProgressLine {
  readonly #live = process.stderr.isTTY === true
  #saidMs = performance.now()

  /** Where lines stay, nothing. */
  show(text: string): void {
    if (this.#live) process.stderr.write(`\r\u001b[K${text}`)
  }

  /** Where lines stay, one now and then. */
  tell(text: string): void {
    if (this.#live) this.show(text)
    else if (performance.now() >= this.#saidMs + everyPlainMs) {
      this.#saidMs = performance.now()
      say(text)
    }
  }

  /** Nothing is left of it but the last text, if there is one. */
  end(text = ''): void {
    if (this.#live) process.stderr.write('\r\u001b[K')
    if (text !== '') say(text)
  }
}
