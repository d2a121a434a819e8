/** Names up to this long are left as they are. */
const longMin = 17

/** Whole words of names, with what is between them. */
const wordsOf = (name: string): readonly string[] => name.match(/[^-._:/ ]+|[-._:/ ]+/g) ?? [name]

const shared = (all: readonly (readonly string[])[]): number => {
  const [first = []] = all
  // One word of each stays.
  const most = Math.min(...all.map((words) => words.length)) - 1
  for (let i = 0; i < most; i++) if (all.some((words) => words[i] !== first[i])) return i
  return Math.max(0, most)
}

/** Long names without what all of them begin and end with; a number keeps the word before it. */
export const labelsOf = (names: readonly string[]): readonly string[] => {
  if (names.length < 2 || names.every((name) => name.length < longMin)) return names
  const words = names.map(wordsOf)
  let begin = shared(words)
  if (begin >= 2 && words.some((each) => /^\d/.test(each[begin] ?? ''))) begin -= 2
  const rest = words.map((each) => each.slice(begin))
  const end = shared(rest.map((each) => [...each].reverse()))
  const labels = rest.map((each) =>
    each
      .slice(0, each.length - end)
      .join('')
      .replace(/^[-._:/ ]+|[-._:/ ]+$/g, ''),
  )
  return new Set(labels).size === names.length && labels.every((label) => label !== '') ? labels : names
}
