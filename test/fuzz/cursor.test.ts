import { test } from 'tap'
import { type Cursor, formatCursor, parseCursor } from '../../src/channel/cursor.js'
import type { Answer, From } from '../../src/effect.js'
import type { NodeId } from '../../src/log/node-id.js'
import type { Prng } from '../../src/verify/prng.js'
import { draft, Lone, textsOf } from '../support/core.js'
import { fuzz, must } from './fuzz.js'
import { mutated } from './mutate.js'

const alphabet = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'
const most = BigInt(Number.MAX_SAFE_INTEGER)
const lengthMax = 1536
const originsMax = 64

/** The number that such digits stand for, if they are as they should be. */
const numberIn = (text: string): number | undefined => {
  if (!/^[-0-9A-Z_a-z]{1,9}$/.test(text) || /^-./.test(text)) return undefined
  let number = 0n
  for (const digit of text) number = number * 64n + BigInt(alphabet.indexOf(digit))
  return number <= most ? Number(number) : undefined
}

/** FNV-1a as it stands in the books, folded to 24 bits. */
const sumOf = (text: string): string => {
  let hash = 0x811c9dc5n
  for (let i = 0; i < text.length; i++) hash = ((hash ^ BigInt(text.charCodeAt(i))) * 0x01000193n) & 0xffffffffn
  const sum = Number((hash ^ (hash >> 24n)) & 0xffffffn)
  return [18, 12, 6, 0].map((shift) => alphabet[(sum >> shift) & 63]).join('')
}

const sealed = (inner: string): string => `${inner}.${sumOf(inner)}`

/** Reads a cursor in the simplest way, slowly. */
const twin = (text: string): Cursor | undefined => {
  const [, inner = '', sum = ''] = /^(.+)\.([^.]*)$/s.exec(text) ?? []
  if (text.length > lengthMax || !inner.startsWith('1.') || sum !== sumOf(inner)) return undefined
  const [time = '', ...parts] = inner.slice(2).split('.')
  const known = parts.map((part) => /^(~?)([-0-9A-Z_a-z]{14})(.+)$/s.exec(part))
  const origins = known.map((match) => (match?.[2] ?? '') as NodeId)
  const seqs = known.map((match) => numberIn(match?.[3] ?? '') ?? 0)
  const isSorted = origins.every((origin, i) => i === 0 || (origins[i - 1] ?? '') < origin)
  const at = numberIn(time)
  if (at === undefined || seqs.includes(0) || !isSorted || parts.length > originsMax) return undefined
  return { time: at, origins, seqs, told: known.map((match) => match?.[1] === '~') }
}

const wide = (dice: Prng): number =>
  dice.chance(0.1) ? Number.MAX_SAFE_INTEGER - dice.below(2) : Math.floor(dice.scaled(1, 2 ** 53)) - 1

const anyId = (dice: Prng): NodeId => Array.from({ length: 14 }, () => dice.pick([...alphabet])).join('') as NodeId

const anyCursor = (dice: Prng): Cursor => {
  const count = dice.chance(0.1) ? dice.below(70) : dice.below(6)
  const origins = [...new Set(Array.from({ length: count }, () => anyId(dice)))].sort()
  return { time: wide(dice), origins, seqs: origins.map(() => wide(dice)), told: origins.map(() => dice.chance(0.2)) }
}

const words = [
  '.',
  '~',
  '~~',
  '..',
  '-',
  '--',
  '1.',
  '0.',
  '2.',
  'zzzzzzzzz',
  '0--------',
  'z',
  '\0',
  'é',
  '\ud800',
  ' ',
  '%2E',
  '=',
  '+',
  '/',
]

/** Latin1, so that every byte is a character. */
const edited = (text: string, dice: Prng): string =>
  mutated(Buffer.from(text, 'latin1'), dice, words).toString('latin1')

const forged = (text: string, dice: Prng): string => {
  if (dice.chance(0.3)) return edited(text, dice)
  // Past the check sum, which guards against accidents only.
  return sealed(edited(text.slice(0, text.lastIndexOf('.')), dice))
}

test('a cursor is what went in, or is refused, as its twin says', async (t) => {
  let [taken, refused] = [0, 0]
  await fuzz(t, 0.5, (dice) => {
    const cursor = anyCursor(dice)
    const text = formatCursor(cursor)
    const kept = cursor.seqs.flatMap((seq, i) => (seq > 0 ? [i] : []))
    const fits = text.length <= lengthMax && kept.length <= originsMax
    const said = fits
      ? {
          time: cursor.time,
          origins: kept.map((i) => cursor.origins[i]),
          seqs: kept.map((i) => cursor.seqs[i]),
          told: kept.map((i) => cursor.told[i]),
        }
      : undefined
    must(JSON.stringify(parseCursor(text, originsMax)) === JSON.stringify(said), 'not what went in', text, said)
    const other = forged(text, dice)
    const [read, expected] = [parseCursor(other, originsMax), twin(other)]
    must(JSON.stringify(read) === JSON.stringify(expected), 'not as the twin says', other, read, expected)
    const known = parseCursor(other, originsMax, cursor.origins)
    must(JSON.stringify(known) === JSON.stringify(read), 'not the same where its origins are known', other, known, read)
    if (read) must(formatCursor(read) === other, 'written otherwise than read', other, formatCursor(read))
    if (read && other !== text) taken++
    else if (!read) refused++
  })
  t.ok(taken > 0 && refused > 0, `${taken} forged ones were taken, ${refused} refused`)
})

/** A node on its own with a few messages of two channels, of which it may have forgotten some. */
const nodeOf = (dice: Prng): Lone => {
  const lone = new Lone({ retentionCount: dice.whole(1, 6), cursorOriginsMax: dice.whole(1, 8) })
  for (let n = dice.below(12); n > 0; n--) {
    lone.publish(draft(dice.pick(['a', 'b']), n))
    if (dice.chance(0.2)) lone.pass(dice.below(2000))
  }
  lone.effects = []
  return lone
}

/** Of this node, somewhere, or of others, or both. */
const cursorFor = (lone: Lone, dice: Prng): string => {
  const { id } = lone.engine
  const near = dice.chance(0.5) ? dice.below(15) : wide(dice)
  const cursor = anyCursor(dice)
  if (dice.chance(0.3)) return formatCursor(cursor)
  const origins = [...cursor.origins.slice(0, dice.below(4)), id].sort()
  const seqs = origins.map((origin) => (origin === id ? near : wide(dice)))
  const own = lone.poll('now', ['a'], { waitMs: 0 }).cursor
  return dice.chance(0.2) ? own : formatCursor({ ...cursor, origins, seqs, told: origins.map(() => dice.chance(0.2)) })
}

/** What one who goes on from there is given, until there is nothing more. */
const chain = (lone: Lone, from: From, dice: Prng): readonly Answer[] => {
  const answers: Answer[] = []
  const limit = dice.whole(1, 5)
  for (let at = from; ; ) {
    lone.effects = []
    const asked = lone.poll(at, ['a', 'b'], { waitMs: 0, limit })
    const { answer } = asked
    if (!answer) {
      must(asked.refusal === 'bad_cursor' && answers.length === 0, 'refused', asked.refusal, at)
      return []
    }
    answers.push(answer)
    must(answer.cursor.length <= lengthMax && twin(answer.cursor) !== undefined, 'no cursor', answer.cursor)
    if (answer.messages.length === 0 && !answer.gap) return answers
    must(answers.length < 40, 'it never ends', at)
    at = { cursor: answer.cursor }
  }
}

/** How far it says to have read what this node has accepted. */
const seqOf = (lone: Lone, text: string): number => {
  const cursor = twin(text)
  return cursor?.seqs[cursor.origins.indexOf(lone.engine.id)] ?? 0
}

test('whoever makes one up gets no more than is there, each message once', async (t) => {
  let served = 0
  await fuzz(t, 0.5, (dice) => {
    const lone = nodeOf(dice)
    const text = dice.chance(0.6) ? forged(cursorFor(lone, dice), dice) : cursorFor(lone, dice)
    const all = textsOf(lone.poll('earliest', ['a', 'b'], { waitMs: 0 }).answer ?? { messages: [], cursor: '' })
    if (dice.chance(0.5)) lone.pass(dice.below(20_000))
    const kept = textsOf(lone.poll('earliest', ['a', 'b'], { waitMs: 0 }).answer ?? { messages: [], cursor: '' })
    const answers = chain(lone, { cursor: text }, dice)
    if (twin(text) === undefined) must(answers.length === 0, 'it should be refused', text)
    const given = answers.flatMap(textsOf)
    served += given.length
    must(new Set(given).size === given.length, 'twice', text, given)
    must(
      given.every((each) => kept.includes(each) && all.includes(each)),
      'what is not there',
      text,
      given,
      kept,
    )
    const ahead = seqOf(lone, text) > (lone.engine.status(lone.now).counters.published ?? 0)
    lone.publish(draft('a', 'next'))
    const last = answers.at(-1)?.cursor
    const next = last === undefined ? [] : chain(lone, { cursor: last }, dice).flatMap(textsOf)
    // Who says to have read what was not there yet has nobody else to blame.
    if (last !== undefined && !ahead) must(next.join() === 'next', 'the next one is not given', text, next)
    must(lone.engine.audit().length === 0, 'broken', lone.engine.audit(), text)
    // Tryton's clients are never refused for what they bring.
    lone.effects = []
    must(lone.poll({ cursor: text }, ['a'], { waitMs: 0, lenientMs: 5000 }).refusal === undefined, 'refused', text)
  })
  t.ok(served > 0)
})
