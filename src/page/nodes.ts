import { el, Keyed, say, tint } from './dom.js'
import type { NodeModel } from './model.js'
import { duration, perSecond, standings, whole } from './words.js'

const columns = ['state', 'number', 'number', 'number', 'number', 'number wide', 'number', 'number wide'] as const

const cells = (node: NodeModel): readonly string[] => {
  const { standing, lag, waiters, heardMs, isHeard, point, silence } = node
  const { is } = standings[standing]
  return [
    silence !== undefined && standing === 'ready' ? `${is}; this page has ${silence} from it` : is,
    perSecond(point?.published),
    perSecond(point?.delivered),
    duration(point?.publish99),
    duration(point?.delivery99),
    standing === 'down' ? '–' : whole(waiters),
    isHeard || standing === 'down' ? '–' : whole(lag),
    isHeard ? '–' : duration(heardMs),
  ]
}

/** The picture in words and numbers. */
export class NodeTable {
  readonly #rows: Keyed<HTMLTableRowElement>

  constructor(body: HTMLElement) {
    this.#rows = new Keyed(body, () =>
      el('tr', {}, el('th', { scope: 'row' }), ...columns.map((name) => el('td', { class: name }))),
    )
  }

  show(nodes: readonly NodeModel[]): void {
    this.#rows.show(nodes.map(({ name }) => name)).forEach((row, i) => {
      const node = nodes[i]
      if (!node) return
      const [head, ...rest] = row.cells
      if (head) this.#name(head, node)
      cells(node).forEach((text, column) => {
        const cell = rest[column]
        if (cell) say(cell, text)
      })
      const [state] = rest
      if (state) tint(state, standings[node.standing].tone)
    })
  }

  #name(head: HTMLElement, { name, label, colour, url, isHeard }: NodeModel): void {
    if (head.dataset['label'] !== label) {
      head.dataset['label'] = label
      const dot = el('i', { class: `dot c${colour % 8}` })
      head.replaceChildren(el('span', { class: 'named' }, dot, el('bdi', {}, label)))
    }
    head.title = `${name} at ${url}${isHeard ? ', which this page listens to' : ''}`
  }
}
