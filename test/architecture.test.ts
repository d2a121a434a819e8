import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { posix, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import ts from 'typescript'

/**
 * The rules of the code that a machine can check. A file is read as a syntax tree, so what stands in comments, in
 * strings and in property names offends nobody (TODO does so anywhere).
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const linesMax = 300

const pureFolders = [
  'src/log/',
  'src/channel/',
  'src/cluster/',
  'src/jetstream/core/',
  'src/client/core/',
  'src/verify/check/',
]
const pureFiles = ['src/engine.ts', 'src/audit.ts', 'src/effect.ts', 'src/limits.ts', 'src/errors.ts']

const time = "take the time from the step's `now`"
const due = 'keep the moment, come due in `tick`, and let `engine.wakeAt` say when'
const effect = 'do it in this step, or answer an effect that the shell carries out'
const dice = 'take `random` from the parts that the engine is given'

const insteadOf = new Map([
  ['Date', time],
  ['performance', time],
  ['setTimeout', due],
  ['setInterval', due],
  ['setImmediate', effect],
  ['queueMicrotask', effect],
  ['Promise', effect],
  ['process', 'take it as an option, resolved by the shell'],
  ['console', 'answer a `report` effect'],
  ['crypto', dice],
  ['Math.random', dice],
  ['globalThis', 'name what is needed, and take it as an argument'],
])

interface Source {
  readonly file: string
  readonly text: string
}

type Tell = (node: ts.Node, found: string, instead: string) => void
type Rule = (node: ts.Node, tell: Tell, file: string) => void

const isPure = (file: string): boolean =>
  pureFiles.includes(file) || pureFolders.some((folder) => file.startsWith(folder))

/** A name that is only a key (`reader.process`, `{ process: 1 }`) refers to no global. */
const isKey = (name: ts.Identifier): boolean => {
  const { parent } = name
  if (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent)) return parent.name === name
  if (ts.isBindingElement(parent)) return parent.propertyName === name
  if (ts.isQualifiedName(parent)) return parent.right === name
  return ts.isTypeElement(parent) || ts.isClassElement(parent)
}

/** `Math.max` is fine; `Math.random` is not, and neither is a bare `Math`, which could hide it. */
const isFairMath = ({ parent }: ts.Identifier): boolean =>
  ts.isPropertyAccessExpression(parent) && parent.name.text !== 'random'

const noImpureName: Rule = (node, tell) => {
  if (!ts.isIdentifier(node) || isKey(node)) return
  const name = node.text === 'Math' && !isFairMath(node) ? 'Math.random' : node.text
  const instead = insteadOf.get(name)
  if (instead) tell(node, name, instead)
}

const noWaiting: Rule = (node, tell) => {
  const waits =
    node.kind === ts.SyntaxKind.AsyncKeyword || node.kind === ts.SyntaxKind.AwaitKeyword || ts.isAwaitExpression(node)
  if (waits) tell(node, ts.isAwaitExpression(node) ? 'await' : node.getText(), `nothing in the core waits: ${effect}`)
}

/** What `import`, `export … from`, `import()`, `import type` and `require` name; undefined for all else. */
const moduleOf = (node: ts.Node): string | undefined => {
  const name =
    ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
      ? node.moduleSpecifier
      : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
        ? node.argument.literal
        : ts.isCallExpression(node) && /^(import|require)$/.test(node.expression.getText())
          ? node.arguments[0]
          : undefined
  return name && (ts.isStringLiteralLike(name) ? name.text : name.getText())
}

const noImpureImport: Rule = (node, tell, file) => {
  const name = moduleOf(node)
  if (name === undefined) return
  if (!name.startsWith('.')) {
    tell(node, `import of '${name}'`, 'the core uses the language only: let the shell do it, or pass in the function')
    return
  }
  const target = posix.join(posix.dirname(file), name).replace(/\.js$/, '.ts')
  if (isPure(target)) return
  tell(node, `import of '${name}'`, `${target} is outside of the core: move what is needed in, or pass it in`)
}

const noAnyCast: Rule = (node, tell) => {
  if (!ts.isAsExpression(node) && !ts.isTypeAssertionExpression(node)) return
  if (/\bany\b/.test(node.type.getText())) tell(node, 'cast to any', 'use `unknown` and a check, or the true type')
}

const offence = (file: string, line: number, found: string, instead: string): string =>
  `${file}:${line}: ${found}: ${instead}`

const apply = ({ file, text }: Source, rules: readonly Rule[]): string[] => {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true)
  const offences: string[] = []
  const tell: Tell = (node, found, instead) => {
    const { line } = tree.getLineAndCharacterOfPosition(node.getStart())
    offences.push(offence(file, line + 1, found, instead))
  }
  const visit = (node: ts.Node): void => {
    for (const rule of rules) rule(node, tell, file)
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return offences
}

const checkPurity = (source: Source): string[] =>
  isPure(source.file) ? apply(source, [noImpureName, noWaiting, noImpureImport]) : []

const checkLines = ({ file, text }: Source): string[] => {
  const lines = text.replace(/\n$/, '').split('\n')
  const unfinished = lines.flatMap((line, i) => {
    const mark = line.match(/\b(TODO|FIXME)\b/)?.[0]
    return mark ? [offence(file, i + 1, mark, 'finish it, or write down why it is left out')] : []
  })
  if (lines.length <= linesMax) return unfinished
  const found = `${lines.length} lines`
  return [...unfinished, offence(file, linesMax + 1, found, `split it by idea: at most ${linesMax} lines a file`)]
}

const check = (source: Source): string[] => [
  ...checkPurity(source),
  ...apply(source, [noAnyCast]),
  ...checkLines(source),
]

const sourcesUnder = (folder: string): Source[] => {
  if (!existsSync(root + folder)) return []
  return readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => posix.join(folder, name.split(sep).join('/')))
    .map((file) => ({ file, text: readFileSync(root + file, 'utf8') }))
}

test('the sources keep the rules', (t) => {
  const sources = ['src', 'bin', 'bench'].flatMap(sourcesUnder)
  t.not(sources.length, 0, 'there are sources to look at')
  for (const each of sources.flatMap(check)) t.fail(each)
  t.end()
})

test('every rule catches a planted offence, and names its line', (t) => {
  const core = 'src/log/planted.ts'
  const planted: readonly (readonly [file: string, line: string, found: string])[] = [
    [core, 'export const at = Date.now()', 'Date'],
    [core, 'export const at = (): Date => given', 'Date'],
    [core, 'export const at = performance.now()', 'performance'],
    [core, 'export const chance = Math.random()', 'Math.random'],
    [core, 'export const { random } = Math', 'Math.random'],
    [core, "export const chance = Math['random']()", 'Math.random'],
    [core, 'export const id = crypto.randomUUID()', 'crypto'],
    [core, 'setTimeout(wake, 10)', 'setTimeout'],
    [core, 'setInterval(wake, 10)', 'setInterval'],
    [core, 'setImmediate(wake)', 'setImmediate'],
    [core, 'queueMicrotask(wake)', 'queueMicrotask'],
    [core, 'const own = { queueMicrotask }', 'queueMicrotask'],
    [core, 'export const pid = process.pid', 'process'],
    [core, 'console.log(entry)', 'console'],
    [core, 'const clock = globalThis.performance', 'globalThis'],
    [core, 'let waiting: Promise<void> | undefined', 'Promise'],
    [core, `const text = \`\${Promise}\``, 'Promise'],
    [core, 'export const read = async () => entry', 'async'],
    [core, 'await read()', 'await'],
    [core, 'for await (const entry of entries) read(entry)', 'await'],
    [core, "import { randomUUID } from 'node:crypto'", "import of 'node:crypto'"],
    [core, "import type { WebSocket } from 'ws'", "import of 'ws'"],
    [core, "export { pack } from 'msgpackr'", "import of 'msgpackr'"],
    [core, "let logger: import('pino').Logger", "import of 'pino'"],
    [core, "const fs = require('fs')", "import of 'fs'"],
    [core, 'import(name)', "import of 'name'"],
    [core, "import { clock } from '../system.js'", "import of '../system.js'"],
    [core, "export * from '../peer/codec.js'", "import of '../peer/codec.js'"],
    ['src/channel/planted.ts', 'Date.now()', 'Date'],
    ['src/cluster/deep/planted.ts', 'Date.now()', 'Date'],
    ['src/engine.ts', "import { Node } from './node.js'", "import of './node.js'"],
    ['src/client/core/planted.ts', 'Date.now()', 'Date'],
    ['src/effect.ts', 'Date.now()', 'Date'],
    ['src/limits.ts', 'Date.now()', 'Date'],
    ['src/errors.ts', 'Date.now()', 'Date'],
    ['src/node.ts', 'send(message as any)', 'cast to any'],
    ['bin/start.ts', 'const list = <any[]>given', 'cast to any'],
    ['src/node.ts', '// TODO: tell the others', 'TODO'],
    ['bin/start.ts', '/* FIXME */', 'FIXME'],
  ]
  for (const [file, line, found] of planted) {
    const offences = check({ file, text: `/** Innocent. */\n\n${line}\n` })
    t.equal(offences.length, 1, `one offence in: ${line}`)
    t.ok(offences[0]?.startsWith(`${file}:3: ${found}: `), offences[0] ?? `not caught: ${line}`)
  }
  t.same(check({ file: 'src/node.ts', text: '\n'.repeat(301) }), [
    'src/node.ts:301: 301 lines: split it by idea: at most 300 lines a file',
  ])
  t.end()
})

test('what only looks like an offence is none', (t) => {
  const core = 'src/log/innocent.ts'
  const innocent: readonly (readonly [file: string, text: string])[] = [
    [core, '// A Promise, in process.env, awaits no Date.now(): setTimeout.'],
    [core, '/**\n * Never call `console.log`, or `import fs from "node:fs"`.\n */'],
    [core, `const words = 'process. Promise as any' + \`Date.now() // \${words} setTimeout\``],
    [core, 'const most = Math.max(1, entry.process, entry.console)'],
    [core, 'const { process: own } = entry'],
    [core, 'interface Entry { readonly performance: number; async?: boolean }'],
    [core, 'class Ring { process(): void {} }'],
    [core, 'const updated = { Date: 1 }, DateLike = 2, asyncs = 3'],
    [
      core,
      "import { EngineError } from '../errors.js'\nimport type { Now } from '../effect.js'\nimport '../limits.js'",
    ],
    [core, "import { read } from '../channel/read.js'\nexport type { Entry } from './entry.js'"],
    ['src/engine.ts', "import { Ring } from './channel/ring.js'\nimport { View } from './cluster/deep/view.js'"],
    ['src/node.ts', "import { performance } from 'node:perf_hooks'\nawait Promise.all([Date.now(), Math.random()])"],
    ['src/node.ts', 'const company = message as Company'],
    ['src/node.ts', '\n'.repeat(300)],
  ]
  for (const [file, text] of innocent) t.same(check({ file, text }), [], text.trim() || 'a file of 300 lines')
  t.end()
})
