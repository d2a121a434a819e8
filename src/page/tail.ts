import type { Event } from '../client/public.js'
import { el, say } from './dom.js'
import { bytes, visible, whole } from './words.js'

/** Lines that are kept, and letters of each that are shown. */
const linesMax = 200
const lettersMax = 2000
/** How often what has come is shown: faster than this nobody reads. */
const showMs = 150

const two = (number: number): string => String(number).padStart(2, '0')

const timeOf = (date: Date): string => [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')

interface Line {
  readonly text: string
  readonly isNote: boolean
  readonly atMs: number
}

const cut = (text: string): string =>
  text.length <= lettersMax ? text : `${text.slice(0, lettersMax)} … (${bytes(text.length)} in all)`

/** Without its id, which is long and says nothing to people. */
const contentOf = (text: string, id: string): string =>
  text
    .replace(`"message_id":"${id}"`, '')
    .replace(/^\{\s*,/, '{')
    .replace(/,\s*\}$/, '}')

const lineOf = (event: Event): Omit<Line, 'atMs'> => {
  if (event.type === 'gap') return { text: `Messages are missing here (${event.reason}).`, isNote: true }
  const text = visible(cut(contentOf(event.text ?? '', event.id)))
  return { text: event.late ? `${text} (came late)` : text, isNote: false }
}

/** What comes on a channel, the newest first; however much it is, the page shows the last of it, a few times a second. */
export class Tail {
  readonly #list: HTMLElement
  readonly #count: HTMLElement
  #waiting: Line[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #all = 0

  constructor(list: HTMLElement, count: HTMLElement) {
    this.#list = list
    this.#count = count
  }

  clear(): void {
    this.#waiting = []
    this.#all = 0
    this.#list.replaceChildren()
    say(this.#count, '')
  }

  add(event: Event): void {
    this.#all++
    this.#waiting.push({ ...lineOf(event), atMs: Date.now() })
    if (this.#waiting.length > linesMax) this.#waiting.shift()
    this.#timer ??= setTimeout(() => this.#show(), showMs)
  }

  #show(): void {
    this.#timer = undefined
    const items = this.#waiting.map(({ text, isNote, atMs }) =>
      el(
        'li',
        isNote ? { class: 'warn' } : {},
        el('time', {}, timeOf(new Date(atMs))),
        el('bdi', { dir: 'ltr' }, text),
      ),
    )
    this.#waiting = []
    // Who reads further down stays where that is.
    const { scrollTop, scrollHeight } = this.#list
    this.#list.prepend(...items.reverse())
    while (this.#list.children.length > linesMax) this.#list.lastElementChild?.remove()
    if (scrollTop > 0) this.#list.scrollTop = scrollTop + this.#list.scrollHeight - scrollHeight
    say(this.#count, `${whole(this.#all)} so far${this.#all > linesMax ? `, the last ${linesMax} shown` : ''}`)
  }
}
