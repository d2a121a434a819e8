import type { Machine } from './machine.js'
import { type Curve, plot } from './plot.js'
import { about, doubts, titleOf } from './report.js'
import type { Result } from './run.js'

export const escaped = (text: string): string => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)

/** Of any page of figures. */
export const style = `
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.3rem .6rem;border-bottom:1px solid #8884}
th:first-child,td:first-child,td:last-child,th:last-child{text-align:left}
figure{margin:1.5rem 0;display:inline-block;width:48%;min-width:20rem}
svg{width:100%;height:auto;overflow:visible}
svg text{font-size:11px;fill:currentColor}
.axis{stroke:#8888;stroke-width:1}
.bad{color:#c22}
footer{opacity:.7;margin-top:2rem}`

export const row = (cells: readonly string[], tag: 'td' | 'th'): string =>
  `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`

const curves = (result: Result): readonly (readonly [title: string, unit: string, curves: readonly Curve[]])[] => {
  const { moments } = result
  const over = (value: (moment: Result['moments'][number]) => number | undefined): Curve['points'] =>
    moments.flatMap((moment) => {
      const y = value(moment)
      return y === undefined ? [] : [{ x: moment.seconds, y }]
    })
  return [
    [
      'Throughput',
      'a second',
      [
        { name: 'delivered', points: over(({ delivered }) => delivered) },
        { name: 'published', points: over(({ published }) => published) },
      ],
    ],
    [
      'Latency',
      'ms',
      [
        { name: 'p50', points: over(({ times }) => times?.p50) },
        { name: 'p99', points: over(({ times }) => times?.p99) },
        { name: 'max', points: over(({ times }) => times?.max) },
      ],
    ],
  ]
}

/** What never happened is not worth a line. */
const isShown = ({ points }: Curve): boolean => points.length > 1 && points.some(({ y }) => y > 0)

const counted = (count: number, name: string): string =>
  `${count.toLocaleString('en-US')} ${name}${count === 1 ? '' : 's'}`

const section = (result: Result): string => {
  const { workload, nodes, subscribers, channels, publishers, size, rate } = result
  const load = rate > 0 ? `${counted(rate, 'message')} a second` : 'each as soon as the one before it has arrived'
  const figures = curves(result)
    .map(([title, unit, lines]) => [title, unit, lines.filter(isShown)] as const)
    .filter(([, , lines]) => lines.length > 0)
    .map(([title, unit, lines]) => `<figure><figcaption>${title}, ${unit}</figcaption>${plot(lines)}</figure>`)
  const what = [counted(subscribers, 'subscriber'), counted(channels, 'channel'), counted(publishers, 'publisher')]
  return `<h2>${escaped(titleOf(workload, nodes))}</h2>
<p>${what.join(', ')}, ${size} bytes${publishers > 0 ? `, ${load}` : ''}.</p>
${figures.join('\n')}`
}

/** One page that holds all it needs: it can be sent to somebody, or put into a report. */
export const pageOf = (
  title: string,
  table: readonly (readonly string[])[],
  results: readonly Result[],
  on: Machine,
): string => {
  const [head = [], ...rows] = table
  const warnings = doubts(results).map((text) => `<p class="bad">${escaped(text)}</p>`)
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title><style>${style}</style>
<h1>${escaped(title)}</h1>
<p>${escaped(about(on))}</p>
<table>${row(head, 'th')}${rows.map((cells) => row(cells, 'td')).join('')}</table>
<p>Latency counts from the time at which a message was to be sent, until a subscriber had it; or until it was acknowledged, where nobody subscribes.
CPU is that of all nodes, in microseconds for each delivery (each publish, where nobody subscribes), and of the busiest of several. Wire is what nodes
send to each other for a message, in bytes for each node that it is brought to.</p>
${warnings.join('\n')}
${results.map(section).join('\n')}
<footer>carillon bench</footer></html>
`
}
