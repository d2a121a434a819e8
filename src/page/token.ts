import { place, say } from './dom.js'

const key = 'carillon-token'

/** Of the window only, and gone with it; where a browser keeps nothing, until the page is left. */
const load = (): string => {
  try {
    return sessionStorage.getItem(key) ?? ''
  } catch {
    return ''
  }
}

const save = (token: string): void => {
  try {
    if (token === '') sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, token)
  } catch {
    // It is in memory.
  }
}

/** The token that this page sends, if somebody gave it one. */
export class TokenBox {
  #token = load()
  #asked = ''
  readonly #form = place<HTMLFormElement>('token-form')
  readonly #field = place<HTMLInputElement>('token')
  readonly #button = place<HTMLButtonElement>('token-button')

  constructor(changed: () => void) {
    this.#button.addEventListener('click', () => this.#open(this.#form.hidden))
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#take(this.#field.value.trim(), changed)
    })
    place('forget').addEventListener('click', () => this.#take('', changed))
    this.#mark()
  }

  get value(): string {
    return this.#token
  }

  /** Something was refused; the form is shown, and nobody's focus taken away. */
  ask(why: string): void {
    // Who has closed it is left alone, as long as nothing new is said.
    if (why === this.#asked) return
    this.#asked = why
    say(place('token-news'), why)
    this.#open(true, false)
  }

  #take(token: string, changed: () => void): void {
    this.#token = token
    this.#asked = ''
    this.#field.value = ''
    save(token)
    say(place('token-news'), '')
    this.#mark()
    this.#open(false)
    this.#button.focus()
    changed()
  }

  #open(isOpen: boolean, withFocus = true): void {
    this.#form.hidden = !isOpen
    this.#button.setAttribute('aria-expanded', String(isOpen))
    if (isOpen && withFocus) this.#field.focus()
  }

  #mark(): void {
    say(this.#button, this.#token === '' ? 'Token' : 'Token ✓')
    this.#button.setAttribute('aria-label', this.#token === '' ? 'Token: none is sent' : 'Token: one is sent')
    place('forget').hidden = this.#token === ''
  }
}
