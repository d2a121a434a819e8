/** A promise that was not kept. `rule` is the checker's name: C1 to C10 of the ordering rules, I1 to I10, or `throw`. */
export class Violation extends Error {
  override readonly name = 'Violation'

  constructor(
    readonly rule: string,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(`${rule}: ${detail}`, options)
  }
}
