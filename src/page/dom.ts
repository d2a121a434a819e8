type Child = Node | string

interface Attributes {
  readonly [name: string]: string | number | boolean | undefined
}

export const setAttributes = (element: Element, attributes: Attributes): void => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) element.removeAttribute(name)
    else element.setAttribute(name, value === true ? '' : String(value))
  }
}

/** What is in it is text, whatever stands in that. */
export const el = <Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] => {
  const element = document.createElement(name)
  setAttributes(element, attributes)
  element.append(...children)
  return element
}

export const svg = <Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Name] => {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  setAttributes(element, attributes)
  element.append(...children)
  return element
}

/** The element of the page with this id, which is there. */
export const place = <E extends Element = HTMLElement>(id: string): E => {
  const found = document.getElementById(id)
  if (!found) throw new Error(`there is no #${id}`)
  return found as unknown as E
}

/** Only what changes is written, or a reader of screens would say it again and a selection be lost. */
export const say = (element: Element, text: string): void => {
  if (element.textContent !== text) element.textContent = text
}

export const tint = (element: Element, tone: 'good' | 'warn' | 'bad' | ''): void => {
  element.classList.remove('good', 'warn', 'bad')
  if (tone !== '') element.classList.add(tone)
}

/** Children of an element by key: what stays is kept, so that its focus and its movement go on. */
export class Keyed<E extends Element> {
  readonly #parent: Element
  readonly #make: (key: string) => E
  readonly #all = new Map<string, E>()

  constructor(parent: Element, make: (key: string) => E) {
    this.#parent = parent
    this.#make = make
  }

  /** In this order; returns them. */
  show(keys: readonly string[]): readonly E[] {
    const wanted = new Set(keys)
    for (const [key, element] of this.#all) {
      if (wanted.has(key)) continue
      element.remove()
      this.#all.delete(key)
    }
    return keys.map((key, i) => {
      const element = this.#all.get(key) ?? this.#make(key)
      this.#all.set(key, element)
      if (this.#parent.children[i] !== element) this.#parent.insertBefore(element, this.#parent.children[i] ?? null)
      return element
    })
  }
}
