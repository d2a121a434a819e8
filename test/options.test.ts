import { Command } from 'commander'
import { test } from 'tap'
import { addNodeFlags, asArguments, asVariables, variableOf } from '../bin/flags.js'
import { givenOptions } from '../bin/given.js'
import { program } from '../bin/program.js'
import { httpDefaults } from '../src/http/limits.js'
import { coreDefaults } from '../src/limits.js'
import {
  defaults,
  formatAddress,
  limitsFor,
  type Options,
  optionGroups,
  optionNames,
  parseAddress,
  peerLimitsFor,
  resolveOptions,
  specOf,
} from '../src/options.js'
import { peerDefaults } from '../src/peer/limits.js'

const refusal = (given: { readonly [name: string]: unknown }): string => {
  try {
    resolveOptions(given as Partial<Options>)
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return code === 'bad_option' ? message : `${code}: ${message}`
  }
  return 'taken'
}

test('nothing given gives the defaults, which are those of the core', (t) => {
  t.same(resolveOptions({}), defaults)
  t.equal(defaults.listen, '127.0.0.1:7400')
  t.equal(defaults.peerListen, '127.0.0.1:7500')
  t.equal(defaults.retentionSeconds, 300)
  const { name, address, url, founder, ...rest } = limitsFor('core', coreDefaults, defaults)
  t.match(coreDefaults, rest)
  t.match({ name, address, url, founder }, { founder: true })
  t.end()
})

/** What an operator has no say in: identity, the protocol and the contract, and the paces of what nobody waits for. */
const fixed = {
  core: [
    'name',
    'address',
    'url',
    'founder',
    'coalesceMs',
    'retransmitMs',
    'cursorOriginsMax',
    'frameBytes',
    'stayLimit',
  ],
  http: [
    'channelBytes',
    'keyBytes',
    'jsonDepth',
    'checkMs',
    'lingerMs',
    'lingerMax',
    'dropBytes',
    'quick',
    'streamCheckMs',
  ],
  peer: ['preauthBytes', 'fragmentsMax', 'redialMs', 'redialAgainMs', 'dialMinMs', 'probeMs', 'awayMs', 'closeMs'],
} as const

test('every limit has one option, with the same default, or is fixed', (t) => {
  for (const [part, limits] of Object.entries({ core: coreDefaults, http: httpDefaults, peer: peerDefaults })) {
    const name = part as keyof typeof fixed
    const set = optionNames.map((option) => specOf(option)[name]).filter((limit) => limit !== undefined)
    t.same([...set, ...fixed[name]].sort(), Object.keys(limits).sort(), part)
    t.same(limitsFor(name, limits, defaults), limits, part)
  }
  t.same(peerLimitsFor(defaults), peerDefaults)
  t.end()
})

test('an option sets its limit and no other', (t) => {
  for (const option of optionNames) {
    const spec = specOf(option)
    if (spec.min === undefined || spec.secret || typeof spec.default !== 'number') continue
    const options = { ...defaults, [option]: spec.min }
    for (const [part, limits] of Object.entries({ core: coreDefaults, http: httpDefaults, peer: peerDefaults })) {
      const limit = spec[part as keyof typeof fixed]
      const value = spec.kind === 'seconds' ? spec.min * 1000 : spec.min
      const expected = limit === undefined ? limits : { ...limits, [limit]: value }
      t.same(limitsFor(part as keyof typeof fixed, limits, options), expected, option)
    }
  }
  t.end()
})

test('whatever message is let in fits between peers', (t) => {
  const messageBytes = 16 * 2 ** 20
  const limits = peerLimitsFor(resolveOptions({ messageBytes, batchBytes: messageBytes, peerQueueBytes: 2 ** 20 }))
  t.ok(limits.frameBytes > messageBytes + 2 ** 19)
  t.ok(limits.queueBytes >= 2 * limits.frameBytes)
  t.equal(peerLimitsFor(resolveOptions({ peerFrameBytes: 2 ** 25 })).frameBytes, 2 ** 25)
  t.end()
})

test('help shows each option once, under a heading', (t) => {
  const shown =
    program()
      .commands.find((command) => command.name() === 'start')
      ?.helpInformation() ?? ''
  const headings = optionGroups.map(({ title }) => shown.indexOf(`\n${title}:\n`))
  t.same(
    [...headings].sort((a, b) => a - b),
    headings,
    'in their order',
  )
  t.ok((headings[0] ?? -1) > 0)
  t.same(
    optionGroups.flatMap(({ names }) => names),
    optionNames,
  )
  for (const name of ['long-poll-timeout', 'first-poll-window', 'cors-origin', 'retention-count', 'retention-bytes']) {
    t.equal(shown.split(`  --${name} <`).length, 2, name)
  }
  t.end()
})

test('what is given is kept, and absent is not the same as wrong', (t) => {
  const given = {
    retentionCount: 5,
    retentionSeconds: 0.25 + 1,
    listen: '[::1]:0',
    join: ['a:1', '[fe80::1]:2'],
    corsOrigin: ['*'],
  }
  t.match(resolveOptions(given), given)
  t.equal(refusal({ corsOrigin: ['https://a:8443', 'capacitor://localhost'] }), 'taken')
  t.equal(limitsFor('core', coreDefaults, resolveOptions(given)).retentionMs, 1250)
  t.same(resolveOptions({ name: undefined } as unknown as Partial<Options>), defaults)
  t.end()
})

test('a refusal names the option, the rule and the value', (t) => {
  const table: readonly (readonly [given: { readonly [name: string]: unknown }, message: string | RegExp])[] = [
    [{ retentionCount: 0 }, 'retentionCount must be a whole number from 1 to 1000000, not 0'],
    [{ retentionCount: 1.5 }, 'retentionCount must be a whole number from 1 to 1000000, not 1.5'],
    [{ retentionCount: '7' }, 'retentionCount must be a whole number from 1 to 1000000, not "7"'],
    [{ retentionCount: Number.NaN }, 'retentionCount must be a whole number from 1 to 1000000, not null'],
    [{ retentionBytes: 17 }, 'retentionBytes must be a whole number of bytes from 1048576 to 68719476736, not 17'],
    [{ drainTimeout: -1 }, 'drainTimeout must be a number of seconds from 0 to 3600, not -1'],
    [{ listen: '7400' }, 'listen must be host:port or [IPv6]:port, not "7400"'],
    [{ listen: 'host:70000' }, 'listen must be host:port or [IPv6]:port, not "host:70000"'],
    [{ listen: '::1:7400' }, 'listen must be host:port or [IPv6]:port, not "::1:7400"'],
    [{ listen: '' }, 'listen must be host:port or [IPv6]:port, not ""'],
    [{ join: 'a:1' }, 'join must be a list of host:port or [IPv6]:port, not "a:1"'],
    [{ join: ['a:1', 'b'] }, 'join must be a list of host:port or [IPv6]:port, not ["a:1","b"]'],
    [
      { url: 'ftp://x' },
      'url must be an http:// or https:// URL of at most 2048 characters, without a password, not "ftp://x"',
    ],
    [
      { jwksUrl: 'https://user:canary@host/' },
      'jwksUrl must be an http:// or https:// URL of at most 2048 characters, without a password, not what was given',
    ],
    [{ auth: 'trytond=http://user:canary@host/' }, 'auth must be none, jwt, or trytond=URL, not what was given'],
    [{ url: 'x' }, 'url must be an http:// or https:// URL of at most 2048 characters, without a password, not "x"'],
    [
      { url: `http://${'x'.repeat(2042)}` },
      /^url must be an http:\/\/ or https:\/\/ URL of at most 2048 characters, without a password, not/,
    ],
    [{ advertise: `${'x'.repeat(300)}:1` }, /^advertise must be host:port or/],
    [{ corsOrigin: '*' }, 'corsOrigin must be a list of origins such as https://example.org, or *, not "*"'],
    [{ corsOrigin: ['https://a/'] }, /^corsOrigin must be a list of origins/],
    [{ corsOrigin: ['https://A'] }, /^corsOrigin must be a list of origins/],
    [{ corsOrigin: ['https://a:443'] }, /^corsOrigin must be a list of origins/],
    [{ corsOrigin: ['a'] }, /^corsOrigin must be a list of origins/],
    [{ batchBytes: 2 ** 19 }, 'batchBytes must not be less than messageBytes, which is 1048576; it is 524288'],
    [{ headerTimeout: 40 }, 'bodyTimeout must not be less than headerTimeout, which is 40; it is 30'],
    [{ heartbeat: 5 }, 'suspectTimeout must not be less than heartbeat, which is 5; it is 3'],
    [{ insecure: 'yes' }, 'insecure must be true or false, not "yes"'],
    [{ logLevel: 'loud' }, 'logLevel must be one of debug, info, warn, error, silent, not "loud"'],
    [{ cluster: '' }, 'cluster must be text, from 1 to 128 characters long, not ""'],
    [{ auth: 'trytond' }, 'auth must be none, jwt, or trytond=URL, not "trytond"'],
    [{ auth: 'trytond=localhost' }, 'auth must be none, jwt, or trytond=URL, not "trytond=localhost"'],
    [
      { trytonListen: ['postgresql://tryton:password@localhost'] },
      'trytonListen must be a list of URLs such as postgresql://user@host/database, not what was given',
    ],
    [{ secret: 'short' }, 'secret must be text, from 16 to 4096 characters long, not what was given'],
  ]
  for (const [given, message] of table) {
    if (typeof message === 'string') t.equal(refusal(given), message)
    else t.match(refusal(given), message)
  }
  t.match(refusal({ colour: 'red' }), /^colour is not an option; there are listen, url/)
  t.match(refusal({ constructor: 1 }), /^constructor is not an option/)
  t.end()
})

test('no door is opened that nobody meant to open, and the refusal says what to do', (t) => {
  const secret = 'a secret that is long enough'
  t.match(refusal({ listen: '0.0.0.0:7400' }), /^listen 0\.0\.0\.0:7400 is open to other machines.*--insecure/)
  t.match(refusal({ listen: '[::]:7400' }), /^listen \[::\]:7400/)
  t.equal(refusal({ listen: '0.0.0.0:7400', insecure: true }), 'taken')
  for (const listen of ['localhost:1', '127.9.9.9:1', '[::1]:1']) t.equal(refusal({ listen }), 'taken', listen)
  t.match(refusal({ peerListen: '10.0.0.1:7500' }), /^peerListen 10\.0\.0\.1:7500 is open.*--secret-file/)
  t.equal(refusal({ peerListen: '10.0.0.1:7500', secret }), 'taken')
  t.equal(refusal({ peerListen: '10.0.0.1:7500', secretFile: '/run/secret' }), 'taken')
  t.equal(refusal({ listen: '0.0.0.0:7400', auth: 'trytond=http://127.0.0.1:8000' }), 'taken')
  t.match(refusal({ token: secret }), /^tokenFile and token are of no use without auth/)
  t.match(refusal({ secret, secretFile: '/run/secret' }), /exclude each other/)
  t.match(refusal({ peerListen: '0.0.0.0:7500', secret }), /^advertise must say where other nodes reach this one/)
  t.equal(refusal({ peerListen: '0.0.0.0:7500', secret, advertise: 'a:7500' }), 'taken')
  t.end()
})

test('addresses go both ways', (t) => {
  for (const text of ['a.example:1', '127.0.0.1:0', '[::1]:7400', '[fe80::1%eth0]:65535']) {
    const address = parseAddress(text)
    t.equal(address && formatAddress(address), text)
  }
  for (const text of ['a', 'a:', ':1', 'a:b', 'a:1:2', '[::1]', '[a]:1x', 'a b:1', 'http://a:1', 'a:123456']) {
    t.equal(parseAddress(text), undefined, text)
  }
  t.end()
})

test('every option but the secret is a flag, and flags go before variables', (t) => {
  const command = addNodeFlags(new Command())
  const flags = command.options.map((option) => option.attributeName())
  t.same(
    flags,
    optionNames.filter((name) => !specOf(name).secret),
  )
  t.equal(variableOf('retentionCount'), 'CARILLON_RETENTION_COUNT')
  command.parse(
    [
      '--retention-count',
      '7',
      '--join',
      'a:1, b:2,',
      '--insecure',
      '--retention-bytes',
      '64MiB',
      '--cors-origin',
      'https://a',
    ],
    {
      from: 'user',
    },
  )
  const environment = { CARILLON_RETENTION_COUNT: '8', CARILLON_NAME: 'one', CARILLON_RETENTION_SECONDS: '60' }
  const given = givenOptions(command.opts(), environment)
  t.same(given, {
    retentionCount: 7,
    join: ['a:1', 'b:2'],
    insecure: true,
    retentionBytes: 64 * 2 ** 20,
    corsOrigin: ['https://a'],
    name: 'one',
    retentionSeconds: 60,
  })
  const again = addNodeFlags(new Command()).parse([...asArguments(given)], { from: 'user' })
  t.same(givenOptions(again.opts(), {}), given, 'as arguments they mean the same')
  t.end()
})

test('a list may be given piece by piece', (t) => {
  const [one, two, three] = ['postgresql://h/one', 'postgres://h/two', 'postgresql://u:p@h/three?sslmode=require']
  const command = addNodeFlags(new Command())
  command.parse(['--tryton-listen', `${one},${two}`, '--tryton-listen', `${three}`], { from: 'user' })
  t.same(givenOptions(command.opts(), {}), { trytonListen: [one, two, three] })
  t.end()
})

test('what may be secret goes to other processes by variables', (t) => {
  const given = { trytonListen: ['postgresql://u:p@h/one', 'postgresql://h/two'], token: 'a token of ours!', name: 'n' }
  t.same(asArguments(given), ['--name', 'n'])
  const variables = asVariables(given)
  t.same(givenOptions({ name: 'n' }, variables), given)
  t.same(Object.keys(variables), ['CARILLON_TRYTON_LISTEN', 'CARILLON_TOKEN'])
  t.end()
})

test('variables are checked like flags', (t) => {
  const table: readonly (readonly [variable: string, text: string, message: RegExp | undefined])[] = [
    ['CARILLON_INSECURE', 'true', undefined],
    ['CARILLON_INSECURE', '0', undefined],
    ['CARILLON_INSECURE', 'perhaps', /^CARILLON_INSECURE must be true or false, not "perhaps"$/],
    ['CARILLON_KEYS', '', /^CARILLON_KEYS must be a whole number .*, not ""$/],
    ['CARILLON_RETENTION_BYTES', '1.5g', undefined],
    ['CARILLON_RETENTION_BYTES', '2048 KB', undefined],
    ['CARILLON_RETENTION_BYTES', 'many', /must be a whole number of bytes/],
    ['CARILLON_SECRET', 'short', /^CARILLON_SECRET must be text, from 16 to 4096 characters long$/],
  ]
  for (const [variable, text, message] of table) {
    const read = (): Partial<Options> => givenOptions({}, { [variable]: text })
    if (message) t.throws(read, { name: 'Failure', exitCode: 2, message }, `${variable}=${text}`)
    else t.doesNotThrow(read, `${variable}=${text}`)
  }
  const secret = { CARILLON_SECRET: 'a secret that is long enough' }
  t.same(givenOptions({ secretFile: 'f' }, secret), { secretFile: 'f' }, 'a flag takes the place of the other way too')
  t.end()
})
