import type { Verdict } from '../../src/verify/check/verdict.js'
import type { Kind } from '../../src/verify/check/violation.js'
import type { Progress } from '../../src/verify/run.js'
import { bar } from '../progress.js'
import { tableOf, whole } from '../table.js'

const listed = (counts: { readonly [name: string]: number }): string =>
  Object.entries(counts)
    .map(([name, count]) => `${whole(count)} ${name}`)
    .join(', ')

/** One line that takes the place of the one before it. */
export const progressText = ({ phase, share, published, delivered, faults }: Progress): string =>
  `${phase} [${bar(share)}] ${whole(published)} published, ${whole(delivered)} delivered, ${faults} faults`

const aboutLoad = ({ counts }: Verdict): readonly string[] => {
  const count = (name: string): string => whole(counts[name] ?? 0)
  return [
    `published: ${count('messages')} messages in ${count('tries')} tries; ${count('acknowledged')} acknowledged, ${count('refused')} refused; ` +
      `${count('unknown')} tries of unknown fate, ${count('duplicates')} known by their key`,
    `delivered: ${count('deliveries')} to ${count('subscribers')} subscribers, which went from node to node ${count('hops')} times; ` +
      `${count('late')} late, ${count('gaps')} gaps told`,
  ]
}

const meanings: { readonly [kind in Kind]: string } = {
  lost: 'acknowledged, given to nobody, and no gap told',
  'unsignalled gap': 'given to others, and no gap told to this one',
  doubled: 'given again to one who had it',
  'out of order': 'one subscriber against another, or against the publisher; late without a split',
  phantom: 'given although refused for certain, or never published',
  altered: 'other bytes than were published',
  'another id': 'not one id for everybody',
  'wrong outcome': 'a key is not known again, or there are too few copies',
  'node failed': 'a node ended by itself',
  stuck: 'the nodes did not become one again, or a subscriber did not get to the end',
}

const checks = ({ rows }: Verdict): readonly string[] =>
  tableOf(
    ['check', 'found', ''],
    rows.map(({ kind, found }) => [kind, whole(found), meanings[kind]]),
  )

const evidence = ({ rows }: Verdict): readonly string[] =>
  rows.flatMap(({ kind, found, examples }) => {
    if (found === 0) return []
    const head = `${kind}: ${whole(found)}${found > examples.length ? `, of which the first ${examples.length}` : ''}`
    const told = examples.flatMap(({ what, evidence }) => [`- ${what}`, ...evidence.map((line) => `    ${line}`)])
    return ['', head, ...told]
  })

const waits = (verdict: Verdict): readonly string[] =>
  tableOf(
    ['until all had a message, ms', 'times', 'median', 'longest'],
    verdict.waits.map(({ during, count, median, most }) => [during, whole(count), whole(median), whole(most)]),
  )

/** The verdict, with all that it rests on, for people. */
export const verdictLines = (verdict: Verdict): readonly string[] => {
  const { seed, seconds, faults, excused, complete } = verdict
  const done = Object.keys(faults).length > 0 ? listed(faults) : 'none'
  return [
    `seed ${seed}, ${seconds.toFixed(1)} s, faults: ${done}${complete ? '' : '; broken off, so only what had come by then is judged'}`,
    ...aboutLoad(verdict),
    ...(Object.keys(excused).length > 0 ? [`not promised, and so not counted: ${listed(excused)}`] : []),
    '',
    ...checks(verdict),
    '',
    ...waits(verdict),
    ...evidence(verdict),
  ]
}

/** What is wrong, in a few words. */
export const summary = ({ rows }: Verdict): string =>
  rows
    .filter(({ found }) => found > 0)
    .map(({ kind, found }) => `${found} × ${kind}`)
    .join(', ')
