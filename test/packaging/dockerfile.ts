export interface Instruction {
  readonly word: string
  readonly flags: readonly string[]
  /** Without flags; of the exec form the list, else the words. */
  readonly words: readonly string[]
  readonly isExec: boolean
}

const instructionOf = (line: string): Instruction => {
  const [word = '', ...rest] = line.trim().split(/\s+/)
  const flags = rest.filter((part, i) => part.startsWith('--') && rest.slice(0, i).every((one) => one.startsWith('--')))
  const text = line.trim().slice(word.length).trim().split(/\s+/).slice(flags.length).join(' ')
  const list = /\[.*\]$/.exec(text)?.[0]
  if (list === undefined) return { word, flags, words: text.split(' '), isExec: false }
  return { word, flags, words: JSON.parse(list), isExec: true }
}

/** The stages of a Dockerfile, each beginning with its FROM. Knows what ours has, and no more of the format. */
export const stagesOf = (text: string): readonly (readonly Instruction[])[] => {
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const stages: Instruction[][] = []
  for (const instruction of lines.map(instructionOf)) {
    if (instruction.word === 'FROM') stages.push([])
    stages.at(-1)?.push(instruction)
  }
  return stages
}
