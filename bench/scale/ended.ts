/** Ends what was begun, the last first, whatever happens; for what takes a test to be torn down with. */
export class Ended {
  readonly #ends: (() => Promise<void>)[] = []

  teardown(end: () => Promise<void>): void {
    this.#ends.unshift(end)
  }

  async all(): Promise<void> {
    for (const end of this.#ends.splice(0)) await end()
  }
}
