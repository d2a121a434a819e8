/** Talk: everything that is not the command's data. */
export const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

/** Data. Resolves when it is handed over, so that whoever reads a pipe slowly slows the command, not its memory. */
export const print = (text: string): Promise<void> =>
  new Promise((resolve) => {
    process.stdout.write(`${text}\n`, () => resolve())
  })

/** The same, for many lines: waits only when what reads them is behind. */
export const printSoon = (text: string): Promise<void> | undefined => {
  const { stdout } = process
  if (stdout.write(`${text}\n`)) return undefined
  return new Promise((resolve) => stdout.once('drain', resolve))
}

/** A reader that has seen enough (`| head -1`) is no fault: the command ends without a word. */
export const endQuietlyWithoutReader = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  }
}

/** Ctrl-C ends the command at once with 130. Takes the last words, if there are any; returns how to take it back. */
export const onInterrupt = (lastWords: () => void): (() => void) => {
  const end = (): void => {
    lastWords()
    process.exit(130)
  }
  process.once('SIGINT', end)
  return () => process.removeListener('SIGINT', end)
}

/** Whether `stream` is a terminal whose user has not asked for plain text. */
const isColourful = (stream: NodeJS.WriteStream): boolean => {
  const { NO_COLOR, TERM } = process.env
  return stream.isTTY === true && !NO_COLOR && TERM !== 'dumb'
}

export const bold = (text: string, stream: NodeJS.WriteStream = process.stdout): string =>
  isColourful(stream) ? `\u001b[1m${text}\u001b[22m` : text
