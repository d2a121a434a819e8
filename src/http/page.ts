const style = `
:root { color-scheme: light dark; --faint: #767676; --line: #8884; --good: #1a7f37; --warn: #9a6700; --bad: #cf222e }
@media (prefers-color-scheme: dark) { :root { --faint: #999; --good: #3fb950; --warn: #d29922; --bad: #f85149 } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem }
h1 { font-size: 1.3rem; margin: 0 } h2 { font-size: 1rem; margin: 2rem 0 .3rem }
p, caption { color: var(--faint); margin: .2rem 0; text-align: left }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .8rem .35rem 0; text-align: left; white-space: nowrap }
th { color: var(--faint); font-weight: 500 } .number { text-align: right }
.good { color: var(--good) } .warn { color: var(--warn) } .bad { color: var(--bad) }`

/** Names come from other nodes, so they go in as text and never as markup. */
const script = `
const place = (id) => document.getElementById(id)
const cell = (row, text, kind) => {
  const td = row.insertCell()
  td.textContent = text
  if (kind) td.className = kind
}
const colours = { alive: 'good', ready: 'good', down: 'bad' }
const colourOf = (state) => colours[state] ?? 'warn'
const nodeRow = (body, member) => {
  const row = body.insertRow()
  cell(row, member.name + (member.self ? ' (this one)' : ''))
  cell(row, member.state, colourOf(member.state))
  cell(row, member.ready ? 'yes' : 'no', member.ready ? '' : 'warn')
  cell(row, member.inView ? 'yes' : 'no', member.inView ? '' : 'warn')
  cell(row, member.lag, 'number')
  cell(row, member.waiters, 'number')
  cell(row, member.self ? '' : (member.heardMs / 1000).toFixed(1) + ' s ago', 'number')
  cell(row, member.url)
}
let before
const counterRow = (body, name, count, seconds) => {
  const row = body.insertRow()
  cell(row, name.replaceAll('_', ' '))
  cell(row, count, 'number')
  const known = before?.counters[name]
  cell(row, known === undefined ? '' : Math.max(0, (count - known) / seconds).toFixed(1), 'number')
}
const show = (status, at) => {
  place('name').textContent = status.name
  place('state').textContent = status.state
  place('state').className = colourOf(status.state)
  place('view').textContent = 'View ' + status.view.id + ' of ' + status.view.members.length
  const nodes = place('nodes')
  nodes.replaceChildren()
  for (const member of [...status.members].sort((a, b) => a.name.localeCompare(b.name))) nodeRow(nodes, member)
  const numbers = place('numbers')
  numbers.replaceChildren()
  const seconds = (at - before?.at) / 1000
  for (const [name, count] of Object.entries(status.counters)) counterRow(numbers, name, count, seconds)
  before = { at, counters: status.counters }
}
const look = async () => {
  try {
    const response = await fetch('cluster', { signal: AbortSignal.timeout(2000) })
    const told = await response.json()
    if (!response.ok) throw new Error(told.error.message)
    show(told, performance.now())
    place('news').textContent = 'Live'
    place('news').className = 'good'
  } catch (error) {
    place('news').textContent = 'No answer from this node: ' + error.message
    place('news').className = 'bad'
  }
  setTimeout(look, 2000)
}
look()`

/** The status page: the table of nodes as the asked one sees them. It needs nothing but `/cluster`. */
export const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Carillon</title>
<style>${style}
</style>
</head>
<body>
<h1>Carillon: <span id="name"></span> is <span id="state">being asked</span></h1>
<p><span id="view"></span> <span id="news" role="status"></span></p>
<h2>Nodes</h2>
<div class="scroll"><table>
<thead><tr><th>Name<th>State<th>Ready<th>In view
<th class="number">Lag<th class="number">Waiters<th class="number">Heard<th>URL</tr></thead>
<tbody id="nodes"></tbody>
</table></div>
<h2>This node</h2>
<div class="scroll"><table>
<thead><tr><th>Count of<th class="number">Total<th class="number">A second</tr></thead>
<tbody id="numbers"></tbody>
</table></div>
<noscript><p>The figures need JavaScript; without it, they are at <a href="cluster">/cluster</a>.</p></noscript>
<script>${script}
</script>
</body>
</html>
`
