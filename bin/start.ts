import { createNode, EngineError, type Node, type Options } from '../src/index.js'
import { readKeys } from '../src/keys.js'
import { resolveOptions } from '../src/options.js'
import { Failure } from './failure.js'
import { type GivenFlags, givenOptions } from './given.js'
import { say } from './terminal.js'

export type StartFlags = GivenFlags & { readonly tethered?: boolean }

const portWords: { readonly [code: string]: string } = {
  EADDRINUSE: 'is in use: end what listens there, or choose another address',
  EADDRNOTAVAIL: 'is no address of this machine',
  EACCES: 'is not for this user: choose a port above 1023',
}

/** In plain words, what a user can do something about; a bug keeps its stack. */
export const inWords = (error: unknown): unknown => {
  if (error instanceof EngineError) return new Failure(2, error.message, { cause: error })
  const { code, address, port, path, syscall }: Partial<NodeJS.ErrnoException & { address: string; port: number }> =
    error instanceof Error ? error : {}
  const words = portWords[code ?? '']
  if (syscall === 'listen' && words) return new Failure(1, `${address}:${port} ${words} (--listen, --peer-listen)`)
  if (syscall === 'open' && path) return new Failure(1, `the file ${path} can't be read (${code})`)
  return error
}

type Make = (given: Partial<Options>) => Promise<Node>

const create = async (flags: StartFlags, make: Make): Promise<Node> => {
  try {
    return await make(givenOptions(flags, process.env))
  } catch (error) {
    throw inWords(error)
  }
}

/** Resolves with the exit code once something asks for the end; a second Ctrl-C does not wait for it. */
const askedToEnd = (tethered: boolean): Promise<number> =>
  new Promise((resolve) => {
    process.on('SIGTERM', () => resolve(0))
    process.once('SIGINT', () => {
      process.once('SIGINT', () => process.exit(130))
      resolve(130)
    })
    // The channel to the process that started this one closes when that one ends, even by kill -9.
    if (tethered) process.once('disconnect', () => resolve(1))
  })

/** What makes no sense changes nothing: the node goes on as it is. */
const reload = async (node: Node, flags: StartFlags): Promise<void> => {
  try {
    const options = resolveOptions(givenOptions(flags, process.env))
    node.renew(options, await readKeys(options))
  } catch (error) {
    const why = inWords(error)
    node.report({ event: 'not_reloaded', detail: { why: why instanceof Error ? why.message : String(why) } })
  }
}

/** `make`: tests start nodes that are not what they should be. */
export const start = async (flags: StartFlags, make: Make = createNode): Promise<void> => {
  const tethered = flags.tethered === true
  if (tethered && !process.connected) throw new Failure(2, '--tethered is for a process started with an IPC channel')
  const ended = askedToEnd(tethered)
  const node = await create(flags, make)
  process.on('SIGHUP', () => void reload(node, flags))
  if (process.connected) process.send?.('up')
  const failed = node.failed.then((why) => {
    say(`carillon: ${why}`)
    return 1
  })
  const exitCode = await Promise.race([ended, failed])
  await node.close()
  process.exit(exitCode)
}
