import { spawnSync } from 'node:child_process'
import { constants, setPriority } from 'node:os'

/**
 * Who runs where. A node, those who behave and those who attack are one machine's processes here; left to the scheduler,
 * a node that has work waits for a core that one of the others holds, and what is measured is the scheduler. So the thread
 * that does a node's work has a core to itself, in quiet and under attack alike, and all others share the rest.
 *
 * Only that thread: V8's four helpers, which collect and compile in the background, would each take its core for some
 * milliseconds whenever they woke up, which no machine with a second core lets them do.
 *
 * util-linux does it. Where that is missing, or there is but one core, all run where the system puts them.
 */
export interface Cores {
  readonly node: string
  readonly others: string
}

const run = (command: string, args: readonly string[]): string | undefined => {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } })
  return status === 0 ? stdout : undefined
}

/** `0,2-4` as it is told, one by one. */
const listed = (text: string): readonly number[] =>
  text.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })

/** Those that this process may use. */
export const shareOut = (): Cores | undefined => {
  const allowed = run('taskset', ['-c', '-p', `${process.pid}`])
    ?.split(':')
    .at(-1)
    ?.trim()
  const [node, ...others] = listed(allowed ?? '')
  return node === undefined || others.length === 0 ? undefined : { node: `${node}`, others: others.join(',') }
}

/** This process, with all its threads and those it starts from now on. */
export const moveTo = (cores: string): void => {
  run('taskset', ['-a', '-c', '-p', cores, `${process.pid}`])
}

/** The main thread of that process, and no other. */
export const moveMainThread = (cores: string, pid: number): void => {
  run('taskset', ['-c', '-p', cores, `${pid}`])
}

/** This process gets only what time nobody else wants: the lowest nice level still takes some from the others. */
export const yieldAll = (): void => {
  run('chrt', ['-a', '-i', '-p', '0', `${process.pid}`])
}

/**
 * This process comes before those that share its core: the node's helpers would hold it for a tick of the scheduler, 4 ms,
 * whenever they have work, and what is measured would be that. What it starts from now on would do so, too.
 * False if that is not for this user.
 */
export const comeFirst = (): boolean => {
  try {
    setPriority(constants.priority.PRIORITY_HIGHEST)
    return true
  } catch {
    return false
  }
}
