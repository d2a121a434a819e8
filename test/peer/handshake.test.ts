import { randomBytes } from 'node:crypto'
import { pack } from 'msgpackr'
import { test } from 'tap'
import { Handshake, type Hello, nonceBytes, type Role } from '../../src/peer/handshake.js'
import { protocols } from '../../src/peer/protocol.js'
import { closeCodes, Refusal } from '../../src/peer/refusal.js'
import { idOf, secret } from './support.js'

const side = (role: Role, number: number, given: { cluster?: string; secrets?: Uint8Array[] } = {}): Handshake => {
  const self: Hello = {
    cluster: given.cluster ?? 'test',
    id: idOf(number),
    name: `node-${number}`,
    address: `127.0.0.1:${number}`,
    nonce: randomBytes(nonceBytes),
  }
  return new Handshake({ role, self, secrets: given.secrets ?? [secret], protocol: protocols.max })
}

const meet = (a: Handshake, b: Handshake): void => {
  for (const hello of [a.meet(b.hello), b.meet(a.hello)]) if (hello instanceof Refusal) throw hello
}

const codeOf = (answer: unknown): number | undefined => (answer instanceof Refusal ? answer.code : undefined)

test('both sides learn who the other is and prove that they know the secret', (t) => {
  const [a, b] = [side('dial', 1), side('accept', 2)]
  t.match(b.meet(a.hello), { id: idOf(1), name: 'node-1', address: '127.0.0.1:1', cluster: 'test' })
  t.match(a.meet(b.hello), { id: idOf(2) })
  t.equal(b.verify(a.proof()), undefined)
  t.equal(a.verify(b.proof()), undefined)
  t.end()
})

test('a proof is good for one side of one handshake only', (t) => {
  const [a, b] = [side('dial', 1), side('accept', 2)]
  meet(a, b)
  const again = side('accept', 2)
  meet(a, again)
  t.equal(codeOf(b.verify(a.proof())), closeCodes.wrongSecret, 'made for another nonce')
  t.equal(codeOf(a.verify(a.proof())), closeCodes.wrongSecret, 'reflected')
  const [c, d] = [side('dial', 1), side('dial', 1)]
  meet(c, again)
  t.equal(codeOf(again.verify(d.proof())), closeCodes.wrongSecret, 'of a handshake that has not met')
  t.end()
})

test('the first secret is proven, any is accepted', (t) => {
  const old = Buffer.from('the secret before')
  const between = [secret, old]
  const pairs: readonly (readonly [a: Uint8Array[], b: Uint8Array[], code: number | undefined])[] = [
    [[old], [secret, old], undefined],
    [[secret], [old, secret], undefined],
    [[old], [secret], closeCodes.wrongSecret],
    [between, [old], closeCodes.wrongSecret],
    [[], [secret], closeCodes.wrongSecret],
    [[], [], undefined],
    [[secret], [], closeCodes.wrongSecret],
  ]
  for (const [mine, theirs, code] of pairs) {
    const [a, b] = [side('dial', 1, { secrets: mine }), side('accept', 2, { secrets: theirs })]
    meet(a, b)
    t.equal(codeOf(b.verify(a.proof())), code)
    if (code === undefined) t.equal(a.verify(b.proof()), undefined, 'and answered by the same')
  }
  t.end()
})

test('what is no hello or no proof of this cluster and version is refused', (t) => {
  const a = side('dial', 1)
  const fields = ['test', idOf(2), 'node-2', '127.0.0.1:2', randomBytes(nonceBytes)]
  const hellos: readonly (readonly [what: string, frame: Uint8Array, code: number])[] = [
    ['another cluster', side('accept', 2, { cluster: 'other' }).hello, closeCodes.wrongCluster],
    ['a later version', pack(['carillon', protocols.max + 1, 'new', 'fields']), closeCodes.wrongVersion],
    ['another protocol', pack(['hello', protocols.max, ...fields]), closeCodes.badFrame],
    ['a short nonce', pack(['carillon', protocols.max, ...fields.slice(0, 4), randomBytes(8)]), closeCodes.badFrame],
    ['no id', pack(['carillon', protocols.max, 'test', 'me', ...fields.slice(2)]), closeCodes.badFrame],
    ['no list', pack('carillon'), closeCodes.badFrame],
    ['a map', pack({ carillon: protocols.max }), closeCodes.badFrame],
    ['garbage', randomBytes(100).fill(0xc1), closeCodes.badFrame],
    ['nothing', new Uint8Array(), closeCodes.badFrame],
  ]
  for (const [what, frame, code] of hellos) t.equal(codeOf(a.meet(frame)), code, what)
  const b = side('accept', 2)
  meet(a, b)
  const proofs: readonly (readonly [what: string, frame: Uint8Array, code: number])[] = [
    ['forged', pack([randomBytes(32)]), closeCodes.wrongSecret],
    ['half', pack([randomBytes(16)]), closeCodes.wrongSecret],
    ['empty', pack([Buffer.alloc(0)]), closeCodes.wrongSecret],
    ['too long', pack([randomBytes(64)]), closeCodes.badFrame],
    ['text', pack(['proof']), closeCodes.badFrame],
    ['garbage', Buffer.from([0xc1]), closeCodes.badFrame],
  ]
  for (const [what, frame, code] of proofs) t.equal(codeOf(b.verify(frame)), code, what)
  t.end()
})
