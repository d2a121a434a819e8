import { labelTops, short, ticksTo } from '../../bin/bench/axis.js'
import { escaped } from '../../bin/bench/html.js'
import type { Point } from './fit.js'

/** `held`: measured, but kept from the fit, to check it by. */
export type Look = 'measured' | 'held' | 'modelled' | 'limit'

export interface Series {
  /** At the end of its line; series of one name have one colour and one label. */
  readonly name: string
  readonly look: Look
  readonly points: readonly Point[]
}

export interface Axis {
  readonly label: string
  /** Of powers of ten, beginning here; else from zero. */
  readonly logFrom?: number
  readonly most?: number
  /** Whole sizes that are worth a tick. */
  readonly ticks?: readonly number[]
}

const width = 480
const height = 250
const margin = { left: 48, right: 92, top: 12, bottom: 34 }
const right = width - margin.right
const bottom = height - margin.bottom

interface Scale {
  readonly ticks: readonly number[]
  /** From 0 to 1. */
  at(value: number): number
}

const powersFrom = (least: number, most: number): readonly number[] => {
  const powers: number[] = []
  for (let power = least; power <= most * 1.0001; power *= 10) powers.push(power)
  return powers
}

const scaleFor = (axis: Axis, values: readonly number[], count: number): Scale => {
  const top = axis.most ?? (Math.max(...values, 0) * 1.05 || 1)
  const { logFrom } = axis
  if (logFrom === undefined) return { ticks: axis.ticks ?? ticksTo(top, count), at: (value) => value / top }
  const all = Math.log10(top / logFrom)
  return {
    ticks: axis.ticks ?? powersFrom(logFrom, top),
    at: (value) => Math.max(0, Math.log10(Math.max(value, logFrom) / logFrom) / all),
  }
}

type Place = (point: Point) => { readonly left: number; readonly top: number }

const mark = ({ look, points }: Series, place: Place, colour: number): string => {
  if (look === 'measured' || look === 'held')
    return points
      .map(place)
      .map(
        ({ left, top }) =>
          `<circle class="c${colour} ${look}" cx="${left.toFixed(1)}" cy="${top.toFixed(1)}" r="3.5"/>`,
      )
      .join('')
  const path = points.map(place).map(({ left, top }) => `${left.toFixed(1)},${top.toFixed(1)}`)
  return `<polyline class="c${colour} ${look}" points="${path.join(' ')}"/>`
}

const axes = (x: Axis, across: Scale, up: Scale): string => {
  const rows = up.ticks.map((value) => {
    const top = (bottom - up.at(value) * (bottom - margin.top)).toFixed(1)
    return `<line class="axis" x1="${margin.left}" x2="${right}" y1="${top}" y2="${top}"/><text x="${margin.left - 6}" y="${top}" dy=".3em" text-anchor="end">${short(value)}</text>`
  })
  const columns = across.ticks.map((value) => {
    const left = (margin.left + across.at(value) * (right - margin.left)).toFixed(1)
    return `<text x="${left}" y="${bottom + 15}" text-anchor="middle">${short(value)}</text>`
  })
  const middle = (margin.left + right) / 2
  const name = `<text class="name" x="${middle}" y="${height - 3}" text-anchor="middle">${escaped(x.label)}</text>`
  return [...rows, ...columns, name].join('')
}

const namesOf = (series: readonly Series[]): readonly string[] => [...new Set(series.map(({ name }) => name))]

const labels = (series: readonly Series[], place: Place): string => {
  const names = namesOf(series)
  const ends = names.map((name) => {
    const points = series.filter((each) => each.name === name).flatMap((each) => each.points)
    const last = points.reduce((a, b) => (b.x >= a.x ? b : a), { x: 0, y: 0 })
    return place(last).top
  })
  const tops = labelTops(ends)
  // What does not fit at the bottom is pushed up as a whole.
  const over = Math.max(0, Math.max(...tops) - bottom)
  return names
    .map(
      (name, i) =>
        `<text class="c${i % 5} label" x="${right + 6}" y="${((tops[i] ?? 0) - over).toFixed(1)}" dy=".3em">${escaped(name)}</text>`,
    )
    .join('')
}

/** As an SVG image: what was measured as dots, what was kept for the check as rings, models as broken lines. */
export const chart = (x: Axis, y: Axis, given: readonly Series[]): string => {
  const series = given.filter(({ points }) => points.length > 0)
  const all = series.flatMap(({ points }) => points)
  if (all.length === 0) return ''
  const across = scaleFor(
    x,
    all.map((point) => point.x),
    6,
  )
  const up = scaleFor(
    y,
    all.map((point) => point.y),
    4,
  )
  const place: Place = (point) => ({
    left: margin.left + across.at(point.x) * (right - margin.left),
    top: bottom - up.at(point.y) * (bottom - margin.top),
  })
  const names = namesOf(series)
  // Lines below dots.
  const sorted = [...series].sort((a, b) => Number(a.look === 'measured') - Number(b.look === 'measured'))
  const marks = sorted.map((each) => mark(each, place, names.indexOf(each.name) % 5)).join('')
  const said = escaped(`${y.label} by ${x.label}: ${names.join(', ')}`)
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${said}">${axes(x, across, up)}${marks}${labels(series, place)}</svg>`
}
