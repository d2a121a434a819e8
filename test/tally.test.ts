import { test } from 'tap'

/** Plain JavaScript, since tap loads it by itself. */
const { default: Tally } = await import(new URL('./support/tally.js', import.meta.url).href)

const tallyOf = async (tap: string): Promise<string> => {
  const tally = new Tally()
  tally.end(tap)
  let text = ''
  for await (const chunk of tally) text += chunk
  return text.slice(tap.length)
}

const inside = '    # { total: 9, pass: 9 }\n'

test('the last line counts what passed and what failed', async (t) => {
  t.equal(await tallyOf(`${inside}# { total: 3, pass: 2, fail: 1 }\n# time=1\n`), '2 passed, 1 failed\n')
})

test('what is skipped is said before it, with the reason', async (t) => {
  const tap = '    ok 1 - a site # SKIP not installed: nginx\n# { total: 3, pass: 2, skip: 1 }\n'
  t.equal(await tallyOf(tap), 'skipped: a site: not installed: nginx\n1 skipped\n2 passed, 0 failed\n')
})

test('a run that breaks off has failed', async (t) => {
  t.equal(await tallyOf(`ok 1 - a\n${inside}ok 2`), '\n0 passed, 1 failed\n')
})
