import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'

/** Where and with what it was measured. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly node: string
  readonly commit: string
  readonly date: string
}

const commitHere = (): string => {
  try {
    const told = execFileSync('git', ['describe', '--always', '--dirty'], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return told.toString().trim()
  } catch {
    return 'unknown'
  }
}

export const machine = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  commit: commitHere(),
  date: new Date().toISOString().slice(0, 16),
})

/** What a process has used of the machine until now. */
export interface Use {
  readonly cpuMs: number
  readonly memoryMiB: number
}

const fileOf = (pid: number, name: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}

/** The unit of /proc/PID/stat, on every Linux there is. */
const ticksPerSecond = 100

/** Undefined where the system does not tell (it does on Linux). */
const useOf = (pid: number): Use | undefined => {
  // After the name, which may hold anything, in brackets.
  const fields = fileOf(pid, 'stat')
    .replace(/^.*\)\s/s, '')
    .split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(fileOf(pid, 'status'))?.[1]
  if (Number.isNaN(ticks) || resident === undefined) return undefined
  return { cpuMs: (ticks / ticksPerSecond) * 1000, memoryMiB: Number(resident) / 1024 }
}

/** Of each; undefined if one of them is not known. */
export const usesOf = (pids: readonly number[]): readonly Use[] | undefined => {
  const uses = pids.map(useOf).filter((use) => use !== undefined)
  return uses.length > 0 && uses.length === pids.length ? uses : undefined
}
