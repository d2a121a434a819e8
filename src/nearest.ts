/** How many letters must be put in, taken out or changed to make one of the other. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/** No name is longer; what is would take long to compare. */
const longest = 64

/** The name that was meant, if one is near enough to what was written. */
export const nearest = (written: string, names: readonly string[]): string | undefined => {
  if (written.length > longest) return undefined
  const ranked = names.map((name) => ({ name, by: distance(written.toLowerCase(), name.toLowerCase()) }))
  const best = ranked.reduce((a, b) => (b.by < a.by ? b : a), { name: '', by: Number.POSITIVE_INFINITY })
  return best.by <= Math.max(1, written.length / 3) ? best.name : undefined
}

/** `; did you mean …?`, if anything. */
export const didYouMean = (written: string, names: readonly string[]): string => {
  const name = nearest(written, names)
  return name === undefined ? '' : `; did you mean ${name}?`
}
