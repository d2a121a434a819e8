import { Keyed, place, say, setAttributes, svg } from './dom.js'
import { between, layout, type Spot } from './layout.js'
import type { LinkModel, Model, NodeModel } from './model.js'
import { perSecond, type Standing, sentence, shortened, standings } from './words.js'

/** Shapes, so that nobody has to tell colours apart. Around 0, for a node of radius 10. */
const glyphs: { readonly [S in Standing]: string } = {
  ready: 'M-4.5 0.500L-1.3 3.700L4.7-3.5',
  changing: 'M-4.5-1.500A5 5 0 0 1 4.5-1.500M4.5-5V-1.500H1M4.5 1.500A5 5 0 0 1-4.5 1.500M-4.5 5V1.500H-1',
  joining: 'M-5 0H4M0.5-3.800L4.3 0L0.5 3.8',
  draining: 'M0-5V4M-3.8 0.500L0 4.300L3.8 0.5',
  suspect: 'M-2.8-2.500A2.9 2.9 0 1 1 1.2 0.200Q0 0.8 0 2M0 4.900V5',
  apart: 'M-2-5V5M2-5V5',
  down: 'M-3.8-3.800L3.8 3.800M3.8-3.800L-3.8 3.8',
}

const slow = 16
const fast = 1.2

/** Seconds that a dot takes on its way: the more messages, the faster; in steps, since each change makes it jump. */
const pace = (rate: number): string => `${Math.max(fast, slow / (1 + Math.round(Math.log2(1 + rate)))).toFixed(1)}s`

class NodeShape {
  readonly root = svg('g')
  readonly #disc = svg('circle', { class: 'disc' })
  readonly #ring = svg('circle', { class: 'ring' })
  readonly #glyph = svg('path', { class: 'glyph' })
  readonly #name = svg('text', { class: 'name' })
  readonly #note = svg('text', { class: 'note' })
  readonly #title = svg('title')

  constructor() {
    this.root.append(this.#title, this.#ring, this.#disc, this.#glyph, this.#name, this.#note)
  }

  draw(node: NodeModel, { x, y }: Spot, radius: number, width: number): void {
    const { name, label, standing, colour, isHeard, lag, point } = node
    const { is, tone } = standings[standing]
    setAttributes(this.root, {
      class: `node ${standing} ${tone} c${colour % 8}${isHeard ? ' heard' : ''}`,
      transform: `translate(${x} ${y})`,
    })
    setAttributes(this.#disc, { r: radius })
    setAttributes(this.#ring, { r: radius + 5 })
    setAttributes(this.#glyph, { d: glyphs[standing], transform: `scale(${radius / 11})` })
    const isSmall = radius < 10
    const letters = Math.floor(Math.min(150, width / 3.2) / 7.4)
    setAttributes(this.#name, { y: radius + 19 })
    setAttributes(this.#note, { y: radius + 34 })
    say(this.#name, isSmall ? '' : shortened(label, letters))
    const rate = point?.published === undefined ? '' : `${perSecond(point.published)}/s`
    const said =
      standing === 'ready' ? [rate, lag > 0 ? `lag ${lag}` : ''].filter(Boolean).join(' · ') : is.split(':')[0]
    say(this.#note, isSmall ? '' : (said ?? ''))
    say(this.#title, `${name}: ${is}${lag > 0 ? `, lag ${lag}` : ''}`)
  }
}

class LinkShape {
  readonly root = svg('g')
  readonly #wire = svg('line', { class: 'wire' })
  readonly #forth = svg('line', { class: 'flow' })
  readonly #back = svg('line', { class: 'flow' })
  readonly #cut = svg('path', { class: 'cut', d: 'M-5-5L5 5M5-5L-5 5' })

  constructor() {
    this.root.append(this.#wire, this.#forth, this.#back, this.#cut)
  }

  draw({ state, forth, back }: LinkModel, [a, b]: readonly [Spot, Spot], colours: readonly [number, number]): void {
    setAttributes(this.root, { class: `link ${state}` })
    setAttributes(this.#wire, { x1: a.x, y1: a.y, x2: b.x, y2: b.y })
    setAttributes(this.#cut, { transform: `translate(${(a.x + b.x) / 2} ${(a.y + b.y) / 2})` })
    this.#stream(this.#forth, forth, a, b, colours[0])
    this.#stream(this.#back, back, b, a, colours[1])
  }

  #stream(line: SVGLineElement, rate: number, from: Spot, to: Spot, colour: number): void {
    setAttributes(line, { x1: from.x, y1: from.y, x2: to.x, y2: to.y })
    setAttributes(line, { class: `flow c${colour % 8}${rate > 0 ? ' on' : ''}` })
    if (rate > 0) line.style.animationDuration = pace(rate)
  }
}

/** The cluster: who is there, who agrees with whom, who hears whom. */
export class Picture {
  readonly #root: SVGSVGElement
  readonly #title: Element
  readonly #view = svg('path', { class: 'view' })
  readonly #links: Keyed<SVGGElement>
  readonly #nodes: Keyed<SVGGElement>
  readonly #linkShapes = new WeakMap<SVGGElement, LinkShape>()
  readonly #nodeShapes = new WeakMap<SVGGElement, NodeShape>()

  constructor(root: SVGSVGElement) {
    this.#root = root
    this.#title = place('picture-title')
    const [links, nodes] = [svg('g'), svg('g')]
    root.append(this.#view, links, nodes)
    this.#links = new Keyed(links, () => {
      const shape = new LinkShape()
      this.#linkShapes.set(shape.root, shape)
      return shape.root
    })
    this.#nodes = new Keyed(nodes, () => {
      const shape = new NodeShape()
      this.#nodeShapes.set(shape.root, shape)
      return shape.root
    })
  }

  draw({ nodes, links }: Model): void {
    const box = this.#root.getBoundingClientRect()
    const [width, height] = [Math.max(240, Math.round(box.width)), Math.max(200, Math.round(box.height))]
    setAttributes(this.#root, { viewBox: `0 0 ${width} ${height}` })
    const { spots, radius } = layout(nodes.length, width, height)
    const spotOf = (i: number): Spot => spots[i] ?? { x: 0, y: 0 }
    const inView = spots.filter((_, i) => nodes[i]?.inView && nodes[i]?.standing !== 'down')
    setAttributes(this.#view, {
      d: inView.length > 0 ? `M${inView.map(({ x, y }) => `${x} ${y}`).join('L')}Z` : 'M0 0',
    })
    this.#view.style.strokeWidth = `${radius * 2 + 36}px`
    this.#view.style.display = inView.length > 0 ? '' : 'none'
    const nameOf = (i: number): string => nodes[i]?.name ?? ''
    this.#links.show(links.map(({ from, to }) => JSON.stringify([nameOf(from), nameOf(to)]))).forEach((group, i) => {
      const link = links[i]
      if (!link) return
      const ends = between(spotOf(link.from), spotOf(link.to), radius + 6)
      const colours = [nodes[link.from]?.colour ?? 0, nodes[link.to]?.colour ?? 0] as const
      this.#linkShapes.get(group)?.draw(link, ends, colours)
    })
    this.#nodes.show(nodes.map(({ name }) => name)).forEach((group, i) => {
      const node = nodes[i]
      if (node) this.#nodeShapes.get(group)?.draw(node, spotOf(i), radius, width)
    })
    const broken = links.filter(({ state }) => state === 'broken').length
    say(
      this.#title,
      `${sentence(nodes).text}${broken > 0 ? ` Broken links: ${broken}.` : ''} The table below says it in words.`,
    )
  }
}
