import type { Deliver, Line } from '../../src/verify/check/history.js'
import type { Prng } from '../../src/verify/prng.js'
import { nodes, Story } from './story.js'

const channels = ['a', 'b', 'c'] as const

interface Course {
  readonly name: string
  readonly channel: string
  readonly isShown: boolean
}

/** One message as a good cluster would treat it: taken at once, refused, or taken in spite of an answer that was lost. */
const publish = (story: Story, name: string, dice: Prng): Course => {
  const channel = dice.pick(channels)
  const publisher = name.slice(0, 2)
  const given = { channel, publisher, node: dice.pick(nodes), takesMs: dice.below(50) }
  const fate = dice.pick(['taken', 'taken', 'taken', 'refused', 'lost', 'again'])
  if (fate === 'taken') story.publish(name, given)
  else story.publish(name, { ...given, outcome: fate === 'refused' ? 'refused' : 'unknown' })
  if (fate === 'again') story.publish(name, { ...given, node: dice.pick(nodes), try: 1, duplicate: true })
  return { name, channel, isShown: fate !== 'refused' && (fate !== 'lost' || dice.chance(0.5)) }
}

/** A course of things as it should be: all is given to everyone who reads its channel, in one order, whoever is asked. */
export const randomStory = (dice: Prng): readonly Line[] => {
  const story = new Story(true, channels).whole()
  const readers = Array.from({ length: dice.whole(2, 6) }, (_, i) => ({
    name: `r${i}`,
    // Two at least have all: what one reader alone was given can't be compared.
    channels: i < 2 ? channels : dice.some(channels, 1, channels.length),
    next: 0,
  }))
  for (const { name, channels: own } of readers) story.reader(name, ...own)
  const shown: Course[] = []
  const give = (reader: (typeof readers)[number], count: number): void => {
    for (const course of shown.slice(reader.next, reader.next + count)) {
      const { name, channel } = course
      const at = { channel, node: dice.pick(nodes), transport: dice.pick(['poll', 'sse', 'ws']) }
      if (reader.channels.some((each) => each === channel)) story.give(reader.name, name, at)
    }
    reader.next = Math.min(shown.length, reader.next + count)
  }
  const count = dice.whole(5, 40)
  for (let i = 0; i < count; i++) {
    const course = publish(story, `p${dice.below(3)}-${i}`, dice)
    if (course.isShown) shown.push(course)
    if (dice.chance(0.1)) story.fault('kill', dice.pick(nodes), dice.pick(['begin', 'end']))
    give(dice.pick(readers), dice.below(6))
  }
  for (const reader of readers) give(reader, shown.length)
  return story.end(...readers.map(({ name }) => name)).lines
}

/** What can be wrong with a delivery; each answers nothing if there is nothing to do it to. */
export const corruptions: {
  readonly [name: string]: (lines: readonly Line[], dice: Prng) => readonly Line[] | undefined
} = {
  drop: (lines, dice) => {
    const one = pick(lines, dice, () => true)
    return one && lines.filter((line) => line !== one)
  },
  double: (lines, dice) => {
    const one = pick(lines, dice, () => true)
    return one && lines.flatMap((line) => (line === one ? [line, { ...one }] : [line]))
  },
  alter: (lines, dice) => {
    const one = pick(lines, dice, () => true)
    return one && lines.map((line) => (line === one ? { ...one, sum: 'other' } : line))
  },
  rename: (lines, dice) => {
    const one = pick(lines, dice, () => true)
    return one && lines.map((line) => (line === one ? { ...one, id: 'other' } : line))
  },
  swap: (lines, dice) => {
    const nextOf = (one: Deliver): Deliver | undefined =>
      deliveries(lines).find((line) => line.subscriber === one.subscriber && line.at > one.at)
    const one = pick(lines, dice, (each) => nextOf(each) !== undefined)
    const other = one && nextOf(one)
    if (!one || !other) return undefined
    return lines.map((line) =>
      line === one ? { ...other, at: one.at } : line === other ? { ...one, at: other.at } : line,
    )
  },
  deny: (lines, dice) => {
    const one = pick(lines, dice, () => true)
    return (
      one &&
      lines.map((line) =>
        line.type === 'told' && line.message === one.message ? { ...line, outcome: 'refused' as const } : line,
      )
    )
  },
}

const deliveries = (lines: readonly Line[]): readonly Deliver[] => lines.filter((line) => line.type === 'deliver')

const pick = (lines: readonly Line[], dice: Prng, fits: (line: Deliver) => boolean): Deliver | undefined => {
  const all = deliveries(lines).filter(fits)
  return all.length > 0 ? dice.pick(all) : undefined
}
