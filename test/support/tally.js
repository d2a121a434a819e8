import { Transform } from 'node:stream'

/** Only the outermost summary starts at the margin; those of the test files are indented. */
const summary = /^# \{ total: \d+.*\}\s*$/

/**
 * Passes TAP through, then closes with the line CI reads: `N passed, N failed`, and `, N skipped` when there are any.
 * A run that breaks off before its summary counts as one failure. Must be .js and a Transform: tap loads no other.
 */
export default class Tally extends Transform {
  #line = ''
  #summary = ''

  _transform(chunk, _encoding, done) {
    const lines = (this.#line + chunk).split('\n')
    this.#line = lines.pop()
    this.#summary = lines.findLast((line) => summary.test(line)) ?? this.#summary
    done(null, chunk)
  }

  _flush(done) {
    if (summary.test(this.#line)) this.#summary = this.#line
    const count = (what) => Number(this.#summary.match(new RegExp(`\\b${what}: (\\d+)`))?.[1] ?? 0)
    const failed = this.#summary === '' ? 1 : count('fail')
    const skipped = count('skip') === 0 ? '' : `, ${count('skip')} skipped`
    const start = this.#line === '' ? '' : '\n'
    done(null, `${start}${count('pass')} passed, ${failed} failed${skipped}\n`)
  }
}
