import type { Spread } from '../log/histogram.js'

/**
 * The value below which so large a share lies of what was counted from `before` to `now`: somewhere in its bucket, as if
 * what is in there were spread evenly. None if nothing was counted; what is above the last bound is told as that.
 */
export const quantile = (share: number, now: Spread, before: Spread): number | undefined => {
  const counts = now.counts.map((count, i) => count - (before.counts[i] ?? 0))
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total <= 0 || counts.some((count) => count < 0)) return undefined
  let below = 0
  for (const [i, count] of counts.entries()) {
    if (below + count >= share * total) {
      const low = now.bounds[i - 1] ?? 0
      const high = now.bounds[i] ?? low
      return low + (high - low) * Math.min(1, Math.max(0, (share * total - below) / count))
    }
    below += count
  }
  return now.bounds.at(-1)
}
