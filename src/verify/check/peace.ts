import type { Fault, Line, View } from './history.js'

export interface Span {
  readonly from: number
  readonly to: number
}

interface Trouble extends Span {
  readonly begin: Fault
}

const always: Span = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }

const meets = (span: Span, from: number, to: number): boolean => span.from <= to && span.to >= from

/** When all nodes were in one view, as far as they were seen to be. */
const wholeSpans = (nodes: readonly string[], views: readonly View[]): readonly Span[] => {
  const said = new Map<string, View>()
  const spans: Span[] = []
  let since: number | undefined
  const isWhole = (): boolean => {
    const first = said.get(nodes[0] ?? '')
    return nodes.every((node) => {
      const view = said.get(node)
      return view?.ready && view.view === first?.view && nodes.every((other) => view.members.includes(other))
    })
  }
  for (const view of views) {
    if (since !== undefined) spans.push({ from: since, to: Math.max(since, view.since) })
    said.set(view.node, view)
    since = isWhole() ? view.at : undefined
  }
  if (since !== undefined) spans.push({ from: since, to: Number.POSITIVE_INFINITY })
  return spans
}

/**
 * Where the cluster was one, and where it may have been split: then a key may have been taken on both sides, and
 * messages may come late. To be sure of a split is not asked for; to be sure that there was none is.
 */
export class Peace {
  readonly faults: readonly Trouble[]
  /** From the first death until the next life in which every node died: nothing that was there before is left. */
  readonly wipes: readonly Span[]
  readonly #whole: readonly Span[]
  readonly #splits: readonly Span[]

  constructor(lines: readonly Line[], nodes: readonly string[]) {
    const views = lines.filter((line) => line.type === 'view')
    this.#whole = wholeSpans(nodes, views)
    this.faults = this.#faultsOf(lines.filter((line) => line.type === 'fault'))
    this.wipes = this.#wipesOf(nodes)
    this.#splits = views.length === 0 ? [always] : [...this.#cuts(), ...this.#apart(nodes, views)]
  }

  /** Certainly not split at any time between these. */
  united(from: number, to: number): boolean {
    return !this.#splits.some((span) => meets(span, from, to))
  }

  /** The first moment from `at` on at which all nodes are in one view. */
  wholeAfter(at: number): number {
    const span = this.#whole.find(({ to }) => to >= at)
    return span ? Math.max(at, span.from) : Number.POSITIVE_INFINITY
  }

  /** Who died between these. */
  dead(from: number, to: number): ReadonlySet<string> {
    const deaths = this.#deaths.filter(({ begin }) => begin.at >= from && begin.at <= to)
    return new Set(deaths.map(({ begin }) => begin.node))
  }

  /** Faults around a moment, for people. */
  near(from: number, to: number): readonly Trouble[] {
    return this.faults.filter((fault) => meets(fault, from - 5000, to + 1000))
  }

  get #deaths(): readonly Trouble[] {
    return this.faults.filter(({ begin }) => begin.fault === 'kill' || begin.fault === 'crash')
  }

  #faultsOf(lines: readonly Fault[]): readonly Trouble[] {
    const isEnd = (begin: Fault, line: Fault): boolean =>
      line.phase === 'end' && line.node === begin.node && line.fault === begin.fault && line.at >= begin.at
    return lines
      .filter(({ phase }) => phase === 'begin')
      .map((begin) => {
        const to = lines.find((line) => isEnd(begin, line))?.at ?? Number.POSITIVE_INFINITY
        return { begin, from: begin.at, to }
      })
  }

  #wipesOf(nodes: readonly string[]): readonly Span[] {
    return this.#whole.flatMap(({ to }, i) => {
      const next = this.#whole[i + 1]?.from ?? Number.POSITIVE_INFINITY
      const deaths = this.#deaths.filter(({ begin }) => begin.at >= to && begin.at <= next)
      const all = new Set(deaths.map(({ begin }) => begin.node))
      return nodes.every((node) => all.has(node)) ? [{ from: deaths[0]?.from ?? to, to: next }] : []
    })
  }

  #cuts(): readonly Span[] {
    return this.faults
      .filter(({ begin }) => !begin.mild && (begin.fault === 'pause' || begin.fault === 'cut'))
      .map(({ from, to }) => ({ from, to: this.wholeAfter(to) }))
  }

  /** A node goes on without one that has not died. */
  #apart(nodes: readonly string[], views: readonly View[]): readonly Span[] {
    const deaths = this.#deaths.map(({ begin, to }) => ({ node: begin.node, from: begin.at, to: this.wholeAfter(to) }))
    const isDead = (node: string, at: number): boolean =>
      deaths.some((death) => death.node === node && meets(death, at, at))
    return views
      .filter(({ ready, members, at }) => ready && nodes.some((node) => !members.includes(node) && !isDead(node, at)))
      .map(({ since, at }) => ({ from: since, to: this.wholeAfter(at) }))
  }
}
