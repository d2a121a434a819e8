import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'smol-toml'
import tap, { type Test, test } from 'tap'
import { readConfig } from '../bin/config-file.js'
import { defaultConfig, effectiveConfig, optionTable } from '../bin/config-text.js'
import { givenOptions, sourcesOf } from '../bin/given.js'
import { nearest } from '../src/nearest.js'
import { defaults, optionNames, resolveOptions, specOf } from '../src/options.js'
import { run } from './support/cli.js'

// A process for each command, from source.
tap.setTimeout(120_000)

const fileWith = (t: Test, name: string, text: string): string => join(t.testdir({ [name]: text }), name)

const toml = `
listen = "127.0.0.1:8400"
retention-count = 5
retention-bytes = "64MiB"
join = ["a:1", "b:2"]
insecure = true
suspect-timeout = 1.5
`

const expected = {
  listen: '127.0.0.1:8400',
  retentionCount: 5,
  retentionBytes: 64 * 2 ** 20,
  join: ['a:1', 'b:2'],
  insecure: true,
  suspectTimeout: 1.5,
}

test('a file says the same in each of its forms', (t) => {
  const yaml =
    'listen: 127.0.0.1:8400\nretention-count: 5\nretention-bytes: 64MiB\njoin: a:1,b:2\ninsecure: true\nsuspect-timeout: 1.5\n'
  t.same(readConfig(fileWith(t, 'a.toml', toml)), expected)
  t.same(readConfig(fileWith(t, 'a.yaml', yaml)), expected)
  t.same(readConfig(fileWith(t, 'a.yml', '')), {}, 'empty')
  t.same(readConfig(fileWith(t, 'a.json', '{"name":"x"}')), { name: 'x' })
  t.end()
})

test('what makes no sense is refused, and says where and what was meant', (t) => {
  const rows: readonly (readonly [name: string, text: string, message: RegExp])[] = [
    ['a.toml', 'retention-cuont = 5', /a\.toml: retention-cuont is not an option; did you mean retention-count\?$/],
    ['a.toml', 'retentionCount = 5', /did you mean retention-count\?$/],
    ['a.toml', 'zzzzzzzz = 5', /zzzzzzzz is not an option$/],
    ['a.toml', '[limits]\nwaiters = 5', /limits is not an option/],
    ['a.yaml', '__proto__: 1', /is not an option/],
    ['a.toml', 'retention-count = "many"', /retention-count must be a whole number from 1 to 1000000, not "many"/],
    ['a.toml', 'retention-count = 1.5', /must be a whole number/],
    ['a.toml', 'name = 5', /name must be text/],
    ['a.toml', 'secret = "0123456789abcdef"', /secret does not belong here.*use secret-file/],
    ['a.yaml', 'tryton-listen: mysql://u:p@h/x', /tryton-listen must be a list of URLs such as [^,]*$/],
    ['a.toml', 'name = "a', /a\.toml: Invalid TOML/],
    ['a.yaml', 'name: a\nname: b', /a\.yaml: Map keys must be unique/],
    ['a.yaml', '- 1', /must hold options/],
    ['a.ini', '', /is a \.toml, \.yaml or \.json file/],
  ]
  for (const [name, text, message] of rows) {
    const file = fileWith(t, name, text)
    t.throws(() => readConfig(file), { name: 'Failure', exitCode: 2, message }, text)
  }
  t.throws(() => readConfig('/nowhere.toml'), { exitCode: 2, message: /can't be read \(ENOENT\)/ })
  t.throws(() => resolveOptions({ waitres: 5 } as object), /waitres is not an option; did you mean waiters\?/)
  t.end()
})

test('flags before variables before the file before defaults, and each value knows where it is from', (t) => {
  const config = fileWith(
    t,
    'a.toml',
    'retention-count = 1\nwaiters = 2\nkeys = 3\nsecret-file = "f"\ntoken-file = "g"',
  )
  const flags = { config, retentionCount: 10, tokenFile: 'h' }
  const environment = { CARILLON_RETENTION_COUNT: '20', CARILLON_WAITERS: '30', CARILLON_SECRET: '0123456789abcdef' }
  const given = { retentionCount: 10, waiters: 30, keys: 3, secret: '0123456789abcdef', tokenFile: 'h' }
  t.same(givenOptions(flags, environment), given)
  t.same(givenOptions({}, { CARILLON_CONFIG: config }).keys, 3, 'a variable may name the file')
  const sources = sourcesOf(flags, environment)
  t.same(Object.fromEntries(sources), {
    retentionCount: '--retention-count',
    waiters: 'CARILLON_WAITERS',
    keys: config,
    secret: 'CARILLON_SECRET',
    tokenFile: '--token-file',
  })
  const text = effectiveConfig({ ...defaults, ...given }, sources)
  t.match(text, /^retention-count = 10 # --retention-count$/m)
  t.match(text, /^channels = 1000000$/m)
  t.match(text, /^# secret: given, CARILLON_SECRET$/m)
  t.notMatch(text, '0123456789abcdef')
  t.match(parse(text), { waiters: 30 })
  t.end()
})

test('the defaults as a file change nothing, and name every option', (t) => {
  const text = defaultConfig()
  t.same(parse(text), {})
  const all = readConfig(fileWith(t, 'all.toml', text.replace(/^# ([a-z-]+ = )/gm, '$1')))
  const open = optionNames.filter((name) => !specOf(name).secret)
  t.same(Object.keys(all), open)
  t.same({ ...defaults, ...all }, defaults)
  t.end()
})

test('the README has the table', (t) => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const shown = /<!-- carillon config default --markdown -->\n(.*?)<!-- end -->/s.exec(readme)?.[1]
  t.equal(shown?.trim(), optionTable().trim())
  t.end()
})

test('what was meant', (t) => {
  const names = ['retention-count', 'retention-bytes', 'waiters', 'keys']
  t.equal(nearest('retention-coutn', names), 'retention-count')
  t.equal(nearest('WAITERS', names), 'waiters')
  t.equal(nearest('kesy', names), undefined)
  t.equal(nearest('key', names), 'keys')
  t.equal(nearest('x'.repeat(1000), names), undefined)
  t.end()
})

test('carillon config', async (t) => {
  const good = fileWith(t, 'good.toml', toml)
  const [fine, bad, shown, byDefault, table, unread] = await Promise.all([
    run(['config', 'check', '--config', good], '', { CARILLON_WAITRES: '5' }),
    run(['config', 'check', '--retention-bytes', '1MiB', '--message-bytes', '2MiB']),
    run(['config', 'show'], '', { CARILLON_CONFIG: good }),
    run(['config', 'default']),
    run(['config', 'default', '--markdown']),
    run(['config', 'check', '--secret-file', '/nowhere']),
  ])
  t.match(fine, {
    code: 0,
    stdout: '',
    stderr: /CARILLON_WAITRES is no variable.*did you mean CARILLON_WAITERS\?\n.*is fine/,
  })
  t.match(bad, { code: 2, stdout: '', stderr: /retentionBytes must not be less than messageBytes/ })
  t.match(shown, { code: 0, stdout: /^retention-count = 5 # .*good\.toml$/m, stderr: '' })
  t.equal(byDefault.stdout, `${defaultConfig().trimEnd()}\n`)
  t.equal(table.stdout, `${optionTable().trimEnd()}\n`)
  t.match(unread, { code: 2, stderr: /\/nowhere can't be read \(ENOENT\)/ })
})
