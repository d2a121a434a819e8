import { el, Keyed, say, setAttributes, svg } from './dom.js'
import type { Measure, Point } from './history.js'
import { linear, logarithmic, type Scale } from './scale.js'

export interface Line {
  readonly name: string
  readonly colour: number
  readonly points: readonly Point[]
}

interface Terms {
  readonly title: string
  /** The first is drawn plainly, the second dashed. */
  readonly measures: readonly Measure[]
  readonly scale: 'linear' | 'logarithmic'
  readonly write: (value: number | undefined) => string
  /** Beside the lines of the scale. */
  readonly tick: (value: number) => string
  /** What is said of many nodes together: all of them summed up, or the greatest. */
  readonly together: 'sum' | 'greatest'
  /** What is said while there is nothing to draw. */
  readonly nothing: string
}

const height = 112
const left = 46
const right = 8
const top = 10
const bottom = 8
/** With more nodes than this their values are told together; the table has each. */
const apartMax = 4
/** What came later than this after the point before is not joined to it. */
const holeMs = 20_000

const valuesOf = (lines: readonly Line[], measures: readonly Measure[]): readonly number[] =>
  lines.flatMap(({ points }) => points.flatMap((point) => measures.flatMap((measure) => point[measure] ?? [])))

/** Values of some nodes over the last minutes. */
export class Chart {
  readonly root: HTMLElement
  readonly #terms: Terms
  readonly #now = el('output', { class: 'now' })
  readonly #svg = svg('svg', { role: 'img', height })
  readonly #ticks = svg('g', { class: 'ticks' })
  readonly #empty = svg('text', { class: 'empty' })
  readonly #cursor = svg('line', { class: 'cursor', y1: top, y2: height - bottom })
  readonly #paths: Keyed<SVGPathElement>
  #lines: readonly Line[] = []
  #spanMs = 1
  #endMs = 0
  /** Where the pointer is, from 0 to 1. */
  #pointed: number | undefined

  constructor(terms: Terms) {
    this.#terms = terms
    const paths = svg('g')
    this.#paths = new Keyed(paths, () => svg('path'))
    this.#svg.append(this.#ticks, paths, this.#cursor, this.#empty)
    this.root = el('figure', { class: 'chart' }, el('figcaption', {}, el('h3', {}, terms.title), this.#now), this.#svg)
    this.#now.setAttribute('aria-live', 'off')
    this.#svg.addEventListener('pointermove', (event) => this.#point(event))
    this.#svg.addEventListener('pointerleave', () => {
      this.#pointed = undefined
      this.#write()
    })
  }

  draw(lines: readonly Line[], endMs: number, spanMs: number): void {
    this.#lines = lines
    this.#endMs = endMs
    this.#spanMs = spanMs
    const { measures, nothing } = this.#terms
    const width = this.#width
    const values = valuesOf(lines, measures)
    const scale = this.#scaleOf(values)
    setAttributes(this.#svg, { viewBox: `0 0 ${width} ${height}` })
    this.#drawTicks(scale, width)
    setAttributes(this.#empty, { x: (left + width) / 2, y: height / 2 + 4 })
    say(this.#empty, values.length === 0 ? nothing : '')
    const each = lines.flatMap((line) => measures.map((measure, i) => ({ line, measure, isDashed: i > 0 })))
    this.#paths.show(each.map(({ line, measure }) => JSON.stringify([line.name, measure]))).forEach((path, i) => {
      const its = each[i]
      if (!its) return
      const { line, measure, isDashed } = its
      setAttributes(path, {
        class: `line c${line.colour % 8}${isDashed ? ' dashed' : ''}`,
        d: this.#pathOf(line.points, measure, scale, width),
      })
    })
    this.#write()
  }

  get #width(): number {
    return Math.max(160, Math.round(this.#svg.getBoundingClientRect().width))
  }

  #scaleOf(values: readonly number[]): Scale {
    let [least, greatest] = [Number.POSITIVE_INFINITY, 0]
    for (const value of values) [least, greatest] = [Math.min(least, value), Math.max(greatest, value)]
    if (this.#terms.scale === 'linear') return linear(greatest)
    return values.length === 0 ? logarithmic(1, 10) : logarithmic(least, greatest)
  }

  #drawTicks({ at, ticks }: Scale, width: number): void {
    this.#ticks.replaceChildren(
      ...ticks.flatMap((tick) => {
        const y = yOf(at(tick))
        const line = svg('line', { x1: left, x2: width - right, y1: y, y2: y })
        return [line, svg('text', { x: left - 7, y: y + 4 }, this.#terms.tick(tick))]
      }),
    )
  }

  #pathOf(points: readonly Point[], measure: Measure, { at }: Scale, width: number): string {
    let path = ''
    let beforeMs = Number.NEGATIVE_INFINITY
    for (const point of points) {
      const value = point[measure]
      if (value === undefined) continue
      const x = left + (width - left - right) * (1 - (this.#endMs - point.atMs) / this.#spanMs)
      if (x < left) continue
      path += `${point.atMs - beforeMs > holeMs ? 'M' : 'L'}${x.toFixed(1)} ${yOf(Math.min(1, Math.max(0, at(value)))).toFixed(1)}`
      // A point alone is a dot.
      if (beforeMs < 0) path += 'h0.01'
      beforeMs = point.atMs
    }
    return path
  }

  #point(event: PointerEvent): void {
    const { left: from, width } = this.#svg.getBoundingClientRect()
    const part = (event.clientX - from - left) / Math.max(1, width - left - right)
    this.#pointed = part >= 0 && part <= 1 ? part : undefined
    this.#write()
  }

  /** The values at the pointer, or those of now. */
  #write(): void {
    const agoMs = this.#pointed === undefined ? 0 : this.#spanMs * (1 - this.#pointed)
    const isPointing = this.#pointed !== undefined
    const x = left + (this.#width - left - right) * (this.#pointed ?? 0)
    setAttributes(this.#cursor, { x1: x, x2: x, class: isPointing ? 'cursor on' : 'cursor' })
    const said = this.#lines.flatMap(({ name, colour, points }) => {
      const values = this.#terms.measures.map((measure) => nearest(points, measure, this.#endMs - agoMs))
      if (values.every((value) => value === undefined)) return []
      return [
        {
          name,
          colour,
          text: values
            .map((value) => this.#terms.write(value))
            .reverse()
            .join(' / '),
        },
      ]
    })
    const items =
      this.#lines.length > apartMax
        ? [el('span', {}, this.#together(this.#endMs - agoMs))]
        : said.map(({ name, colour, text }) => el('span', { class: `c${colour % 8}`, title: name }, text))
    this.#now.replaceChildren(...(isPointing ? [el('i', {}, `${Math.round(agoMs / 1000)} s ago`)] : []), ...items)
    const words = said.map(({ name, text }) => `${name} ${text}`).join(', ')
    this.#svg.setAttribute('aria-label', `${this.#terms.title}: ${words || this.#terms.nothing}`)
  }

  #together(atMs: number): string {
    const { measures, together, write } = this.#terms
    const texts = measures.map((measure) => {
      const values = this.#lines.flatMap(({ points }) => nearest(points, measure, atMs) ?? [])
      if (values.length === 0) return undefined
      return write(together === 'sum' ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values))
    })
    if (texts.every((text) => text === undefined)) return ''
    return `${together === 'sum' ? 'in all' : 'up to'} ${texts.reverse().join(' / ')}`
  }
}

const yOf = (part: number): number => top + (height - top - bottom) * (1 - part)

/** The value that is nearest in time, if there is one within seconds. */
const nearest = (points: readonly Point[], measure: Measure, atMs: number): number | undefined => {
  let best: Point | undefined
  for (const point of points)
    if (point[measure] !== undefined && (!best || Math.abs(point.atMs - atMs) < Math.abs(best.atMs - atMs)))
      best = point
  return best && Math.abs(best.atMs - atMs) < 5000 ? best[measure] : undefined
}
