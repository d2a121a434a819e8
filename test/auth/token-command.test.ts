import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jwtVerify } from 'jose'
import tap, { test } from 'tap'
import { readKeys } from '../../src/keys.js'
import { defaults, type Options, resolveOptions } from '../../src/options.js'
import { run } from '../support/cli.js'
import { ec, pemOf, rsa, secret } from './door.js'

// A process for each command, from source.
tap.setTimeout(120_000)

test('carillon token', async (t) => {
  const folder = t.testdir({ secret: `${secret}\nan older one\n`, empty: '\n' })
  const at = (name: string): string => join(folder, name)
  for (const [name, pair] of [['rsa', rsa()] as const, ['ec', ec()] as const]) {
    writeFileSync(at(name), pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))
    writeFileSync(at(`${name}.pub`), pemOf(pair.publicKey))
  }
  const all = ['--publish', 'a', 'b.*', '--subscribe', '*', '--databases', 'main', '--subject', 'me', '--expires', '60']
  const [signed, byRsa, byEc, admin, neither, empty, missing] = await Promise.all([
    run(['token', '--secret-file', at('secret'), ...all]),
    run(['token', '--key-file', at('rsa'), '--issuer', 'i', '--audience', 'a']),
    run(['token', '--key-file', at('ec'), '--key-id', 'k']),
    run(['token', '--secret-file', at('secret'), '--admin']),
    run(['token']),
    run(['token', '--secret-file', at('empty')]),
    run(['token', '--key-file', at('nowhere')]),
  ])
  const { payload } = await jwtVerify(signed.stdout.trim(), Buffer.from(secret))
  t.match(payload, { publish: ['a', 'b.*'], subscribe: ['*'], databases: ['main'], sub: 'me' })
  t.equal((payload.exp ?? 0) - (payload.iat ?? 0), 60)
  t.equal((await jwtVerify(admin.stdout.trim(), Buffer.from(secret))).payload.admin, true)
  t.match(neither, { code: 2, stderr: /either --secret-file or --key-file/ })
  t.match(empty, { code: 1, stderr: /no secret in/ })
  t.match(missing, { code: 1, stderr: /can't be read \(ENOENT\)/ })
  const keysIn = async (name: string) => {
    const options = resolveOptions({ auth: 'jwt', jwtKeyFile: at(name) })
    return (await readKeys(options)).jwt
  }
  t.same((await keysIn('rsa.pub'))?.algorithms, ['RS256'])
  t.same((await keysIn('ec.pub'))?.algorithms, ['ES256'])
  const [key] = (await (await keysIn('rsa.pub'))?.keysFor({ alg: 'RS256' })) ?? []
  t.ok(key && (await jwtVerify(byRsa.stdout.trim(), key, { issuer: 'i', audience: 'a' })))
  t.match(JSON.parse(Buffer.from(byEc.stdout.split('.')[0] ?? '', 'base64url').toString()), { alg: 'ES256', kid: 'k' })
})

test('what tokens are signed with must be given, in one way', async (t) => {
  const refused = (given: Partial<Options>): string => {
    try {
      resolveOptions(given)
      return 'taken'
    } catch (error) {
      return String(error)
    }
  }
  t.match(refused({ auth: 'jwt' }), /needs to know what tokens are signed with: give --jwt-secret-file/)
  t.match(refused({ auth: 'jwt', jwtSecret: secret, jwksUrl: 'http://x/' }), /jwksUrl and jwtSecret exclude each other/)
  t.match(refused({ jwtSecretFile: 'x' }), /is of no use without jwt as auth/)
  t.match(refused({ auth: 'jwt', jwtSecret: 'short' }), /from 32 to 4096 characters/)
  t.equal(refused({ auth: 'jwt', jwtSecret: secret, listen: '0.0.0.0:7400' }), 'taken')
  t.match(refused({ listen: '0.0.0.0:7400' }), /ask for tokens with --auth jwt/)
  const folder = t.testdir({ short: 'short\n' })
  const jwtSecretFile = join(folder, 'short')
  await t.rejects(readKeys({ ...defaults, auth: 'jwt', jwtSecretFile }), /the jwtSecret in .* must be text, from 32/)
})
