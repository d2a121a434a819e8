import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { manifest, root } from './repository.js'

/** A folder beside all others: in one below the repository, imports would find what is installed there. */
export const emptyFolder = (t: Test): string => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** What the Dockerfile builds from, too. */
const sources = ['src', 'bin', 'tsconfig.json', 'tsconfig.build.json']
const papers = ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE']

export interface Packed {
  readonly tarball: string
  readonly files: readonly string[]
}

/** What would be published, built by the package's own scripts from a copy: other tests may be using `dist`. */
export const pack = (t: Test): Packed => {
  const folder = emptyFolder(t)
  for (const path of [...sources, ...papers]) cpSync(join(root, path), join(folder, path), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const args = ['pack', '--json', '--foreground-scripts=false', '--pack-destination', folder]
  const [told] = JSON.parse(
    execFileSync('npm', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
  )
  return {
    tarball: join(folder, told.filename),
    files: told.files.map((file: { readonly path: string }) => file.path).sort(),
  }
}

const noNetwork = /ENOTCACHED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH/

/** Without a registry: the package as it is packed, and links to what the repository has of its dependencies. */
const unpack = (folder: string, tarball: string): void => {
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '.bin'), { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '-C', modules])
  execFileSync('mv', [join(modules, 'package'), join(modules, manifest.name)])
  const listed = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: root, encoding: 'utf8' })
  const own = join(root, 'node_modules/')
  for (const path of listed.split('\n').filter((line) => line.startsWith(own))) {
    const target = join(modules, path.slice(own.length))
    if (path.slice(own.length).includes('node_modules')) continue
    mkdirSync(dirname(target), { recursive: true })
    symlinkSync(path, target)
  }
  symlinkSync(join('..', manifest.name, manifest.bin.carillon), join(modules, '.bin/carillon'))
}

/** A project that has the package and nothing else; where its programs are. */
export const install = (t: Test, tarball: string): string => {
  const folder = emptyFolder(t)
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}')
  const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--fetch-retries=0', tarball]
  const { status, stderr } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) {
    if (!noNetwork.test(stderr)) throw new Error(stderr)
    t.comment('no registry: what it depends on is taken from the repository')
    rmSync(join(folder, 'node_modules'), { recursive: true, force: true })
    unpack(folder, tarball)
  }
  return folder
}
