import type { Figures } from './quiet.js'
import { quantile, soak } from './soak.js'

/** `npm run soak`: as long as it takes to know the times, too. */

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

/** How often, for how many seconds each, and how many polls are abandoned at a time. */
const [stretches = 4, seconds = 20, polls = 10_000] = process.argv.slice(2).map(Number)

const words = ({ acknowledged, delivered }: Figures): string =>
  [acknowledged, delivered]
    .map((list) => [0.5, 0.99, 1].map((share) => quantile(list, share).toFixed(1)).join(' / '))
    .join(' ms, ')

const {
  complaints,
  stretches: all,
  status,
} = await soak({ stretches, quietSeconds: seconds, attackSeconds: seconds, polls, isAlone: true, say })
for (const [i, { quiet, attacked, tale }] of all.entries()) {
  say(`stretch ${i + 1}: acknowledged, delivered (p50 / p99 / max)`)
  say(`  quiet    ${words(quiet)} ms`)
  say(`  attacked ${words(attacked)} ms`)
  say(`  ${JSON.stringify(tale)}`)
}
const measured = all.slice(1)
const ratio = (of: (figures: Figures) => readonly number[]): number => {
  const p99 = (list: readonly (readonly number[])[]): number => quantile(list.flat(), 0.99)
  return p99(measured.map(({ attacked }) => of(attacked))) / p99(measured.map(({ quiet }) => of(quiet)))
}
const ratios = [ratio(({ acknowledged }) => acknowledged), ratio(({ delivered }) => delivered)]
say(
  `p99 under attack by quiet p99: acknowledged ${ratios[0]?.toFixed(2)}, delivered ${ratios[1]?.toFixed(2)}; at most 3`,
)
say(`complaints: ${JSON.stringify(complaints)}`)
say(`counted: ${JSON.stringify(status.counters)}`)
const [first, last] = [all.at(-2)?.memory, all.at(-1)?.memory]
const grown = first && last ? (last.heapUsed + last.external) / (first.heapUsed + first.external) : 1
say(`memory after the last stretch by that after the one before: ${grown.toFixed(3)}; at most 1.1`)
process.exitCode = ratios.every((each) => each <= 3) && complaints.all === 0 && grown <= 1.1 ? 0 : 1
