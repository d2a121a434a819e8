import { Transform } from 'node:stream'

/** Only the outermost summary starts at the margin; those of the test files are indented. */
const summary = /^# \{ total: \d+.*\}\s*$/
const skipped = /^\s*ok \d+ - (.*) # SKIP (.*)$/

/**
 * Passes TAP through, then says what was skipped and why, and closes with the line CI reads: `N passed, N failed`.
 * A run that breaks off before its summary counts as one failure. Must be .js and a Transform: tap loads no other.
 */
export default class Tally extends Transform {
  #line = ''
  #summary = ''
  #skipped = []

  _transform(chunk, _encoding, done) {
    const lines = (this.#line + chunk).split('\n')
    this.#line = lines.pop()
    for (const line of lines) this.#read(line)
    done(null, chunk)
  }

  _flush(done) {
    const start = this.#line === '' ? '' : '\n'
    this.#read(this.#line)
    const count = (what) => Number(this.#summary.match(new RegExp(`\\b${what}: (\\d+)`))?.[1] ?? 0)
    const failed = this.#summary === '' ? 1 : count('fail')
    const skips = count('skip') === 0 ? [] : [...this.#skipped, `${count('skip')} skipped`]
    done(null, `${start}${[...skips, `${count('pass')} passed, ${failed} failed`].join('\n')}\n`)
  }

  #read(line) {
    if (summary.test(line)) this.#summary = line
    const [, name, why] = skipped.exec(line) ?? []
    if (why !== undefined) this.#skipped.push(`skipped: ${name}: ${why}`)
  }
}
