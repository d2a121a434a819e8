/** Help begins with what people copy. */
export const examples = (lines: readonly string[]): string =>
  `Examples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`
