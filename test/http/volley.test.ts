import { test } from 'tap'
import { Volley } from '../../src/http/volley.js'

const shot = (fired: string[], name: string, length = 100) => ({
  reply: { length },
  fire: () => void fired.push(name),
})

test('what comes alone is written at once; of what comes thick and fast the rest goes together, in its order', async (t) => {
  const fired: string[] = []
  const volley = new Volley((error) => t.fail(String(error)))
  volley.add(shot(fired, 'alone'), 10)
  t.same(fired, ['alone'])
  volley.add(shot(fired, 'second'), 10.01)
  volley.add(shot(fired, 'third'), 10.02)
  t.same(fired, ['alone'])
  await new Promise(setImmediate)
  t.same(fired, ['alone', 'second', 'third'])
  volley.add(shot(fired, 'later'), 11)
  t.same(fired.at(-1), 'later')
})

test('it can be written before its time, once', async (t) => {
  const fired: string[] = []
  const volley = new Volley((error) => t.fail(String(error)))
  for (const name of ['a', 'b', 'c']) volley.add(shot(fired, name), 10)
  volley.flush()
  t.same(fired, ['a', 'b', 'c'])
  await new Promise(setImmediate)
  t.equal(fired.length, 3)
})

test('one that fails keeps none of the others from being written', async (t) => {
  const fired: string[] = []
  const mistakes: unknown[] = []
  const volley = new Volley((error) => mistakes.push(error))
  volley.add(shot(fired, 'alone'), 10)
  volley.add(
    {
      reply: { length: 100 },
      fire: () => {
        throw new Error('it fails')
      },
    },
    10,
  )
  volley.add(shot(fired, 'behind'), 10)
  await new Promise(setImmediate)
  t.same(fired, ['alone', 'behind'])
  t.match(mistakes, [{ message: 'it fails' }])
})

test('of very many, the first are not kept until all of them are ready', async (t) => {
  const fired: string[] = []
  const volley = new Volley((error) => t.fail(String(error)))
  const names = Array.from({ length: 1000 }, (_, n) => `${n}`)
  for (const name of names) volley.add(shot(fired, name), 10)
  t.ok(fired.length > 500 && fired.length < 1000)
  await new Promise(setImmediate)
  t.same(fired, names)
})

test('very many large ones are written a stretch at a time, and others have their turn in between', async (t) => {
  const fired: string[] = []
  const volley = new Volley((error) => t.fail(String(error)))
  const large = ['a', 'b', 'c', 'd', 'e']
  volley.add(shot(fired, 'alone'), 10)
  for (const name of large) volley.add(shot(fired, name, 2 ** 17), 10)
  await new Promise(setImmediate)
  t.same(fired, ['alone', 'a', 'b'])
  volley.add(shot(fired, 'small'), 10)
  await new Promise(setImmediate)
  t.same(fired, ['alone', 'a', 'b', 'c', 'd'])
  await new Promise(setImmediate)
  t.same(fired, ['alone', ...large, 'small'])
})

test('what waits for its stretch is written before its time, too, and so is what a shot makes the next in line', async (t) => {
  const fired: string[] = []
  const volley = new Volley((error) => t.fail(String(error)))
  const impatient = { reply: { length: 2 ** 20 }, fire: () => volley.flush() }
  volley.add(shot(fired, 'alone'), 10)
  volley.add(impatient, 10)
  for (const name of ['a', 'b']) volley.add(shot(fired, name, 2 ** 20), 10)
  await new Promise(setImmediate)
  t.same(fired, ['alone', 'a', 'b'])
  for (const name of ['c', 'd', 'e']) volley.add(shot(fired, name, 2 ** 20), 10)
  await new Promise(setImmediate)
  volley.flush()
  await new Promise(setImmediate)
  t.same(fired, ['alone', 'a', 'b', 'c', 'd', 'e'])
})
