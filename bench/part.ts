/** Does something `times` times. What it makes it should keep somewhere, or the compiler may leave it out. */
export type Run = (times: number) => void

/** One thing that the hot path does, measured alone. */
export interface Case {
  readonly name: string
  /** Makes ready, untimed, and answers what is timed. Called once for each measurement. */
  prepare(): Run
}

export interface Part {
  readonly name: string
  readonly cases: readonly Case[]
}

/** For what is a plain call: repeats it, and keeps what came last. */
export const repeated =
  (call: (i: number) => unknown): Run =>
  (times) => {
    let last: unknown
    for (let i = 0; i < times; i++) last = call(i)
    kept.last = last
  }

const kept: { last: unknown } = { last: undefined }
