/**
 * Cuts JSON text that `JSON.parse` has accepted without reading it again: a message is printed with the bytes it was
 * published with. Parsing and writing it anew would change numbers beyond 2^53 and drop double keys.
 */

/** The index after the string that begins at `start`. */
const skipString = (text: string, start: number): number => {
  let i = start + 1
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1
  return i + 1
}

/** The texts between the top-level commas of the array or object `text`. */
const parts = (text: string): readonly string[] => {
  const found: string[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i < text.length; ) {
    const char = text[i]
    if (char === '"') {
      i = skipString(text, i)
      continue
    }
    if (char === '[' || char === '{') {
      if (depth === 0) start = i + 1
      depth++
    } else if (char === ']' || char === '}') {
      depth--
      if (depth === 0) found.push(text.slice(start, i))
    } else if (char === ',' && depth === 1) {
      found.push(text.slice(start, i))
      start = i + 1
    }
    i++
  }
  return found.map((part) => part.trim()).filter((part) => part !== '')
}

/** The text of what stands under `name` in the object `text`. */
export const memberOf = (text: string, name: string): string | undefined => {
  for (const part of parts(text)) {
    const end = skipString(part, 0)
    if (JSON.parse(part.slice(0, end)) === name) return part.slice(part.indexOf(':', end) + 1).trim()
  }
  return undefined
}

/** The text of each element of the array that stands under `name` in the object `text`. */
export const elementsOf = (text: string, name: string): readonly string[] => parts(memberOf(text, name) ?? '')

/** As one line. Line breaks can only stand between tokens: inside of strings JSON escapes them. */
export const onOneLine = (text: string): string => text.replace(/[\r\n]+/g, ' ')
