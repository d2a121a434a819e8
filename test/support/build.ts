import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import type { Test } from 'tap'

const root = fileURLToPath(new URL('../..', import.meta.url))
const sources = ['src', 'bin', 'package.json']

/** JavaScript of this package, which runs without what reads TypeScript. */
export interface Build {
  readonly folder: string
  /** Its command line. */
  readonly program: string
}

const git = (...args: readonly string[]): Buffer =>
  execFileSync('git', args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 28 })

/** Not of another repository, in which this one has been unpacked. */
const previous = (): string | undefined => {
  try {
    if (realpathSync(git('rev-parse', '--show-toplevel').toString().trim()) !== realpathSync(root)) return undefined
    return git('rev-parse', '--verify', 'HEAD~1^{commit}').toString().trim()
  } catch {
    return undefined
  }
}

/** Why there is no build of the commit before this one. */
export const whyNoPrevious = (): string | false => {
  const commit = previous()
  if (commit === undefined) return 'there is no commit before this one here'
  const { dependencies } = JSON.parse(git('show', `${commit}:package.json`).toString())
  const missing = Object.keys(dependencies).filter((name) => !existsSync(join(root, 'node_modules', name)))
  return missing.length === 0 ? false : `the commit before needs ${missing.join(', ')}, not installed any more`
}

const modulesIn = (folder: string, parts: readonly string[]): readonly string[] =>
  parts.flatMap((part) =>
    readdirSync(join(folder, part), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => join(folder, part, path)),
  )

/** Nothing but the types is taken out, so it takes a second and not ten. */
const strip = (folder: string, modules: readonly string[], outdir: string, sourcemap = false): void => {
  const paths = { entryPoints: [...modules], outdir, outbase: folder, sourcemap }
  buildSync({ ...paths, format: 'esm', target: 'node20', tsconfigRaw: {} })
}

const compile = (folder: string): Build => {
  strip(folder, modulesIn(folder, ['src', 'bin']), join(folder, 'dist'))
  const program = join(folder, JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).bin.carillon)
  chmodSync(program, 0o755)
  return { folder, program }
}

/** What differs as soon as one of the files does. */
const digestOf = (paths: readonly string[]): string => {
  const hash = createHash('sha256')
  for (const path of paths) {
    const { size, mtimeMs } = statSync(path)
    hash.update(`${path} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex').slice(0, 16)
}

const oldMs = 3_600_000

/** Those of sources that are no more; what is young may be in use still. */
const removeOld = (folder: string): void => {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const isOne = name.startsWith('built-') || name.startsWith('making-')
    if (isOne && Date.now() - statSync(path).mtimeMs > oldMs) rmSync(path, { recursive: true, force: true })
  }
}

/**
 * The folder with all that stands here as JavaScript, made by whoever needs it first: a process that begins with it is
 * up in a tenth of the time and work that it takes from source. What it covers is still told of the sources.
 */
export const builtFolder = (): string => {
  const modules = modulesIn(root, ['src', 'bin'])
  const folder = join(root, 'dist', `built-${digestOf(modules)}`)
  if (existsSync(folder)) return folder
  mkdirSync(join(root, 'dist'), { recursive: true })
  removeOld(join(root, 'dist'))
  const making = mkdtempSync(join(root, 'dist', 'making-'))
  strip(root, modules, making, true)
  symlinkSync('../page', join(making, 'page'))
  try {
    renameSync(making, folder)
  } catch (error) {
    // Somebody else has made it meanwhile.
    rmSync(making, { recursive: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

const newFolder = (t: Pick<Test, 'teardown'>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

export const buildOfPrevious = (t: Pick<Test, 'teardown'>): Build => {
  const folder = newFolder(t)
  execFileSync('tar', ['-x', '-C', folder], { input: git('archive', 'HEAD~1', ...sources) })
  return compile(folder)
}

/** Of what stands here. `change` may do something to the sources before. */
export const buildOfThis = (t: Pick<Test, 'teardown'>, change: (folder: string) => void = () => {}): Build => {
  const folder = newFolder(t)
  for (const path of sources) cpSync(join(root, path), join(folder, path), { recursive: true })
  change(folder)
  return compile(folder)
}
