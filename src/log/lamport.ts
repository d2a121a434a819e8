/** Lamport time runs at 1,024 ticks a millisecond of wall time, so it stays a safe integer until the year 2248. */
export const ticksPerMs = 1024

/** A stamp further ahead of us than this comes from a broken clock; taking it in would poison everybody's time for ever. */
const aheadMaxMs = 3_600_000

/** R1: a Lamport clock that is never below the wall clock, so that time also rises over a restart of all nodes. */
export class Lamport {
  #time = 0

  constructor(readonly wallFloor: boolean) {}

  get time(): number {
    return this.#time
  }

  stamp(wall: number): number {
    this.#time = Math.max(this.#time + 1, this.wallFloor ? Math.floor(wall) * ticksPerMs : 0)
    return this.#time
  }

  witness(time: number): void {
    if (time > this.#time) this.#time = time
  }

  admits(time: number, wall: number): boolean {
    const floor = Math.max(this.#time, Math.floor(wall) * ticksPerMs)
    return Number.isSafeInteger(time) && time >= 0 && time <= floor + aheadMaxMs * ticksPerMs
  }
}
