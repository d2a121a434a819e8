import { escaped, row } from '../../bin/bench/html.js'
import { about } from '../../bin/bench/report.js'
import { type Bend, meshBends, streamBends } from './bends.js'
import type { Figures } from './figures.js'
import { type Models, modelsOf } from './models.js'
import { meshPlots, type Plot } from './plots.js'
import { streamPlots } from './stream-plots.js'
import { pageStyle } from './style.js'
import { summary } from './summary.js'
import { countedTable, joinTable, liveTable, modelTable, stallTable, streamTable, type Table } from './tables.js'

const paragraphs = (texts: readonly string[]): string => texts.map((text) => `<p>${escaped(text)}</p>`).join('\n')

const figure = ({ title, sources, text, svg }: Plot): string => {
  const marks = sources.map((source) => `<span class="source ${source.split(' ')[0]}">${source}</span>`).join(' ')
  return `<figure><figcaption><b>${escaped(title)}</b> ${marks}</figcaption>${svg}<p>${escaped(text)}</p></figure>`
}

const table = (caption: string, [head = [], ...rows]: Table): string =>
  rows.length === 0
    ? ''
    : `<h3>${escaped(caption)}</h3><div class="wide"><table>${row(head, 'th')}${rows.map((cells) => row(cells, 'td')).join('')}</table></div>`

const bendList = (bends: readonly Bend[]): string =>
  bends.length === 0
    ? '<p>Too little was measured to say.</p>'
    : `<dl>${bends
        .map(({ what, where, remedy }) => {
          return `<dt>${escaped(what)}</dt><dd>${escaped(where)}<br><b>Then:</b> ${escaped(remedy)}</dd>`
        })
        .join('\n')}</dl>`

const section = (title: string, intro: string, plots: readonly Plot[], bends: readonly Bend[]): string => `
<h2>${escaped(title)}</h2>
<p>${escaped(intro)}</p>
<div class="plots">${plots.map(figure).join('\n')}</div>
<h3>Where it bends, and what to do then</h3>
${bendList(bends)}`

const loads = ({ live, stalls, joins, streams, priority }: Figures): string => {
  const all = [...live, ...stalls, ...joins, ...streams].map(({ load }) => load)
  if (all.length === 0) return 'Nothing was measured live.'
  const [least, most] = [Math.min(...all), Math.max(...all)]
  return `The live parts ran under a load average of ${least.toFixed(1)} to ${most.toFixed(1)} (the tables say which), their own work included${priority < 0 ? `, with priority before what else it did (nice ${priority})` : ''}.`
}

const legend = `<p class="legend"><b>Measured live</b>: real processes over real sockets on this machine.
<b>Counted in process</b>: the same engines in one process, in their own time, with frames as they are encoded; counts are exact, times are the least of many rounds.
<b>Modelled</b>: a formula with constants fitted to some of the points (filled dots) and checked by others (rings), which were not used for the fit. Dotted lines are limits.</p>`

const tables = (figures: Figures, models: Models): string => `
<h2>The models</h2>
<p>n is the number of nodes. Constants come by least squares of the relative error; a term that would come out below nothing is left out. Each is checked by the point that is farthest from those it was fitted to.</p>
${table('Formulas, and how far they were off', modelTable(models))}
<h2>All figures</h2>
${table(`Mesh, counted in process, ${figures.countedRate.toLocaleString('en-US')} messages a second of ${figures.size} bytes`, countedTable(figures))}
${table('Mesh, measured live', liveTable(figures))}
${table('Mesh, measured live: kill -9 of one member', stallTable(figures))}
${table('Mesh, measured live: a third node joins', joinTable(figures))}
${table('On JetStream, measured live', streamTable(figures))}`

const meshIntro =
  'Nodes that answer for each other: a message is acknowledged when every member of the view holds it, and each tells each other one how far it is.'
const streamIntro = (nats: string | undefined): string =>
  `Nodes on a log that others keep (--log): each publishes to one stream and reads it back, and nodes do not speak to each other. Here on one nats-server${nats ? ` ${nats}` : ''}, with storage on disk and one replica.`

/** One page that holds all it needs, for screens of any size and for paper. */
export const scalePage = (figures: Figures): string => {
  const models = modelsOf(figures)
  const missing = figures.missing.map((text) => `<p class="bad">${escaped(text)}</p>`).join('\n')
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>What growth costs</title><style>${pageStyle}</style>
<h1>What growth costs</h1>
<p class="about">${escaped(about(figures.machine))}. ${escaped(loads(figures))}</p>
${missing}
<div class="summary">${paragraphs(summary(figures, models))}</div>
${legend}
${section('The mesh, 1 to 15 nodes', meshIntro, meshPlots(figures, models), meshBends(figures, models))}
${section('On JetStream, 1 to 1,000 nodes', streamIntro(figures.nats), streamPlots(figures, models), streamBends(models))}
${tables(figures, models)}
<footer>npm run bench:scale, in ${Math.round(figures.seconds)} s</footer></html>
`
}
