import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js'

const longestUs = 120_000_000

export type { Histogram }

/** Of times in microseconds, to three digits. */
export const histogram = (): Histogram =>
  build({ lowestDiscernibleValue: 1, highestTrackableValue: longestUs, numberOfSignificantValueDigits: 3 })

export const record = (into: Histogram, ms: number): void =>
  into.recordValue(Math.min(longestUs, Math.max(1, Math.round(ms * 1000))))

export const pack = (packed: Histogram): string => encodeIntoCompressedBase64(packed)

export const unpack = (text: string): Histogram => decodeFromCompressedBase64(text)

/** In milliseconds. */
export interface Times {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

export const timesOf = (of: Histogram): Times | undefined => {
  if (of.totalCount === 0) return undefined
  const at = (percentile: number): number => of.getValueAtPercentile(percentile) / 1000
  return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: of.maxValue / 1000 }
}
