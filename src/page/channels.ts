import type { ListedChannel } from '../effect.js'
import { el, Keyed, place, say, tint } from './dom.js'
import { duration, perSecond, visible, whole } from './words.js'

/** As `/channels` tells it. */
interface ChannelList {
  readonly total: number
  readonly matched: number
  readonly channels: readonly ListedChannel[]
}

type Order = 'name' | 'depth' | 'rate' | 'readers' | 'quiet'

interface Parts {
  /** Asks the node that is listened to; undefined if it does not answer. Throws an Error that says why it refuses. */
  readonly ask: (path: string) => Promise<unknown>
  readonly choose: (database: string, channel: string) => void
}

const most = 25

const sorters: { readonly [O in Order]: (a: ListedChannel, b: ListedChannel) => number } = {
  name: (a, b) => a.channel.localeCompare(b.channel, 'en', { numeric: true }),
  depth: (a, b) => b.depth - a.depth,
  rate: (a, b) => b.rate - a.rate,
  readers: (a, b) => b.readers - a.readers,
  quiet: (a, b) => (a.quietMs ?? Number.POSITIVE_INFINITY) - (b.quietMs ?? Number.POSITIVE_INFINITY),
}

/** The channels at the top: the node looks for those with the most, and here they are put in order. */
export class ChannelTable {
  readonly #parts: Parts
  readonly #rows: Keyed<HTMLTableRowElement>
  readonly #filter = place<HTMLInputElement>('filter')
  readonly #buttons = [...document.querySelectorAll<HTMLButtonElement>('#channel-table th button')]
  #order: Order = 'depth'
  #isReversed = false
  #list: ChannelList | undefined
  #asked = 0
  #answered = 0

  constructor(parts: Parts) {
    this.#parts = parts
    this.#rows = new Keyed(place('channel-rows'), (key) => this.#makeRow(key))
    this.#filter.addEventListener('input', () => void this.look())
    for (const button of this.#buttons) button.addEventListener('click', () => this.#sort(button.value as Order))
    this.#mark()
  }

  /** Asked, and not answered yet. */
  get isLooking(): boolean {
    return this.#answered < this.#asked
  }

  async look(): Promise<void> {
    const by = this.#order === 'rate' ? 'rate' : 'depth'
    const asked = ++this.#asked
    try {
      const match = encodeURIComponent(this.#filter.value)
      const list = (await this.#parts.ask(`/channels?top=${most}&by=${by}&match=${match}`)) as ChannelList | undefined
      // What was asked for later counts.
      if (asked !== this.#asked) return
      this.#answered = asked
      if (!list) {
        if (!this.#list) say(place('channel-news'), 'no answer')
        return
      }
      this.#list = list
      this.#show(list)
    } catch (error) {
      if (asked !== this.#asked) return
      this.#answered = asked
      this.#fail(error instanceof Error ? error.message : String(error))
    }
  }

  #sort(order: Order): void {
    this.#isReversed = order === this.#order && !this.#isReversed
    this.#order = order
    this.#mark()
    if (this.#list) this.#show(this.#list)
    void this.look()
  }

  #mark(): void {
    for (const button of this.#buttons) {
      const isDown = (button.value === 'name' || button.value === 'quiet') === this.#isReversed
      const direction = isDown ? 'descending' : 'ascending'
      if (button.value === this.#order) button.closest('th')?.setAttribute('aria-sort', direction)
      else button.closest('th')?.removeAttribute('aria-sort')
    }
  }

  #fail(why: string): void {
    this.#rows.show([])
    this.#list = undefined
    say(place('channel-news'), why)
    tint(place('channel-news'), 'bad')
  }

  #show({ total, matched, channels }: ChannelList): void {
    const sorted = [...channels].sort(sorters[this.#order])
    if (this.#isReversed) sorted.reverse()
    this.#rows.show(sorted.map(({ database, channel }) => JSON.stringify([database, channel]))).forEach((row, i) => {
      const its = sorted[i]
      const cells = [...row.cells].slice(1)
      if (!its) return
      const texts = [
        whole(its.depth),
        perSecond(its.rate),
        whole(its.readers),
        its.quietMs === undefined ? '–' : duration(its.quietMs),
      ]
      texts.forEach((text, column) => {
        const cell = cells[column]
        if (cell) say(cell, text)
      })
    })
    const shown = matched > channels.length ? `${whole(channels.length)} of ${whole(matched)}` : whole(matched)
    say(
      place('channel-news'),
      this.#filter.value === '' ? `${shown} channels` : `${shown} that fit, of ${whole(total)}`,
    )
    tint(place('channel-news'), '')
  }

  #makeRow(key: string): HTMLTableRowElement {
    const [database = '', channel = ''] = JSON.parse(key) as string[]
    const button = el(
      'button',
      { type: 'button', class: 'link', title: 'Follow this channel' },
      el('bdi', {}, visible(channel)),
    )
    if (database !== 'main') button.append(el('small', {}, ' in ', el('bdi', {}, visible(database))))
    button.addEventListener('click', () => this.#parts.choose(database, channel))
    const numbers = ['number', 'number', 'number', 'number wide'].map((name) => el('td', { class: name }))
    return el('tr', {}, el('th', { scope: 'row' }, button), ...numbers)
  }
}
