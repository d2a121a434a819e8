import { labelTops, short, ticksTo } from './axis.js'

export interface Curve {
  readonly name: string
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

const width = 440
const height = 220
const margin = { left: 56, right: 56, top: 8, bottom: 24 }
const colours = ['#2a78d6', '#e0812b', '#8a56c2', '#3a9a5b']

/** Lines over time as an SVG image: both axes from zero, each line with its name at its end. */
export const plot = (curves: readonly Curve[]): string => {
  const all = curves.flatMap(({ points }) => points)
  const most = { x: Math.max(...all.map(({ x }) => x)) || 1, y: Math.max(...all.map(({ y }) => y)) * 1.05 || 1 }
  const right = width - margin.right
  const bottom = height - margin.bottom
  const left = (x: number): string => (margin.left + (x / most.x) * (right - margin.left)).toFixed(1)
  const top = (y: number): string => (bottom - (y / most.y) * (bottom - margin.top)).toFixed(1)
  const grid = ticksTo(most.y, 4).map(
    (y) =>
      `<line class="axis" x1="${margin.left}" x2="${right}" y1="${top(y)}" y2="${top(y)}"/>` +
      `<text x="${margin.left - 6}" y="${top(y)}" dy=".3em" text-anchor="end">${short(y)}</text>`,
  )
  const seconds = ticksTo(most.x, 5).map(
    (x) => `<text x="${left(x)}" y="${height - 6}" text-anchor="middle">${short(x)} s</text>`,
  )
  const tops = labelTops(curves.map(({ points }) => Number(top(points.at(-1)?.y ?? 0))))
  const lines = curves.map(({ name, points }, i) => {
    const colour = colours[i % colours.length]
    const path = points.map(({ x, y }) => `${left(x)},${top(y)}`).join(' ')
    const label = `<text x="${right + 4}" y="${tops[i]}" dy=".3em" style="fill:${colour}">${name}</text>`
    return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${path}"/>${label}`
  })
  const names = curves.map(({ name }) => name).join(', ')
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${names} over time">${[...grid, ...seconds, ...lines].join('')}</svg>`
}
