export interface Curve {
  readonly name: string
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

const width = 440
const height = 220
const margin = { left: 56, right: 56, top: 8, bottom: 24 }
const colours = ['#2a78d6', '#e0812b', '#8a56c2', '#3a9a5b']

/** 1, 2 or 5 times a power of ten, so that about `count` of them reach up to `most`. */
const stepFor = (most: number, count: number): number => {
  const rough = most / count
  const power = 10 ** Math.floor(Math.log10(rough))
  return (([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) as number) * power
}

const short = (value: number): string => {
  if (value >= 1e6) return `${+(value / 1e6).toPrecision(3)}M`
  return value >= 1e3 ? `${+(value / 1e3).toPrecision(3)}k` : `${+value.toPrecision(3)}`
}

const ticksTo = (most: number, count: number): readonly number[] => {
  const step = stepFor(most, count)
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step)
}

const labelHeight = 12

/** Where each label stands: by the end of its line, but not on another one. */
const labelTops = (ends: readonly number[]): readonly number[] => {
  const tops: number[] = []
  let free = Number.NEGATIVE_INFINITY
  for (const i of ends.map((_, i) => i).sort((a, b) => (ends[a] ?? 0) - (ends[b] ?? 0))) {
    tops[i] = Math.max(ends[i] ?? 0, free)
    free = (tops[i] ?? 0) + labelHeight
  }
  return tops
}

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
