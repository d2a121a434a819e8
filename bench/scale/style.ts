import { style } from '../../bin/bench/html.js'

const colours = (names: readonly string[]): string => names.map((colour, i) => `.c${i}{--colour:${colour}}`).join('')

/** On paper as by day, with a plot never torn in two. */
export const pageStyle = `${style}
${colours(['#1f6fd0', '#c8620a', '#7a45b5', '#24803f', '#a3324f'])}
@media (prefers-color-scheme:dark){${colours(['#6ab0ff', '#ffa657', '#c9a0f5', '#68cc85', '#f58ba5'])}}
body{max-width:66rem;line-height:1.45}
h1{margin-bottom:.2rem}h2{margin-top:2.2rem}h3{margin:1.4rem 0 .4rem}
.about,.legend,footer{opacity:.75;font-size:.87em}
.summary{border-left:4px solid #1f6fd0;padding:.1rem 1rem}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,25rem),1fr));gap:1.2rem 1.6rem}
figure{display:block;width:auto;min-width:0;margin:0}
figcaption{display:flex;flex-wrap:wrap;gap:.25rem .5rem;align-items:center;margin-bottom:.3rem}
figure p{font-size:.87em;margin:.2rem 0;opacity:.85}
.source{font-size:.72em;padding:.05rem .45rem;border:1px solid currentColor;border-radius:1rem;opacity:.8;white-space:nowrap}
.source.modelled{border-style:dashed}
circle{fill:var(--colour);stroke:var(--colour);stroke-width:1.5}
circle.held{fill:Canvas}
polyline{fill:none;stroke:var(--colour);stroke-width:1.6}
polyline.modelled{stroke-dasharray:6 3}
polyline.limit{stroke-dasharray:1.5 3}
.axis{stroke:#8886}
svg text{font-size:12px}
svg .label{fill:var(--colour);font-weight:600}
dl{margin:0}dt{font-weight:600;margin-top:.7rem}dd{margin:0 0 0 1rem}
.wide{overflow-x:auto}
table{font-size:.87em}td,th{white-space:nowrap}td:first-child{white-space:normal;min-width:3rem}
td:last-child,th:last-child{text-align:right}
@media print{:root{color-scheme:light}body{margin:0;max-width:none;font-size:10.5px}.plots{grid-template-columns:1fr 1fr}
figure,dt,tr{break-inside:avoid}h2,h3,dt{break-after:avoid}.wide{overflow:visible}td,th{white-space:normal;padding:.15rem .3rem}}`
