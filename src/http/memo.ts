/** A function that remembers what it said of the last object that it was asked about. */
export class Memo<Key extends object, Value> {
  readonly #make: (key: Key) => Value
  #last: { readonly key: Key; readonly value: Value } | undefined

  constructor(make: (key: Key) => Value) {
    this.#make = make
  }

  of(key: Key): Value {
    if (this.#last?.key === key) return this.#last.value
    const value = this.#make(key)
    this.#last = { key, value }
    return value
  }
}
