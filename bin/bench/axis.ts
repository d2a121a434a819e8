/** 1, 2 or 5 times a power of ten, so that about `count` of them reach up to `most`. */
const stepFor = (most: number, count: number): number => {
  const rough = most / count
  const power = 10 ** Math.floor(Math.log10(rough))
  return (([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) as number) * power
}

export const short = (value: number): string => {
  if (value >= 1e9) return `${+(value / 1e9).toPrecision(3)}G`
  if (value >= 1e6) return `${+(value / 1e6).toPrecision(3)}M`
  return value >= 1e3 ? `${+(value / 1e3).toPrecision(3)}k` : `${+value.toPrecision(3)}`
}

export const ticksTo = (most: number, count: number): readonly number[] => {
  const step = stepFor(most, count)
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step)
}

const labelHeight = 12

/** Where each label stands: by the end of its line, but not on another one. */
export const labelTops = (ends: readonly number[]): readonly number[] => {
  const tops: number[] = []
  let free = Number.NEGATIVE_INFINITY
  for (const i of ends.map((_, i) => i).sort((a, b) => (ends[a] ?? 0) - (ends[b] ?? 0))) {
    tops[i] = Math.max(ends[i] ?? 0, free)
    free = (tops[i] ?? 0) + labelHeight
  }
  return tops
}
