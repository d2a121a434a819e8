/** A round number at or above this one: 1, 2 or 5 times a power of ten. */
export const roundUp = (value: number): number => {
  if (value <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  const step = [1, 2, 5, 10].find((each) => each * power >= value * 0.999_999) ?? 10
  return step * power
}

export interface Scale {
  /** 0 at the bottom, 1 at the top. */
  at(value: number): number
  readonly ticks: readonly number[]
}

/** From 0 to something round, above the greatest value and 1. */
export const linear = (greatest: number): Scale => {
  const top = roundUp(Math.max(1, greatest))
  return { at: (value) => value / top, ticks: [0, top / 2, top] }
}

/** By tenfolds, around what there is; at least one of them. */
export const logarithmic = (least: number, greatest: number): Scale => {
  const low = Math.floor(Math.log10(Math.max(0.01, least)))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(0.01, greatest)) - 1e-9))
  return {
    at: (value) => (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low),
    ticks: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)),
  }
}
