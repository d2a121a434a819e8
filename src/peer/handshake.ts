import { createHmac, timingSafeEqual } from 'node:crypto'
import type { NodeId } from '../log/node-id.js'
import { attempt, packValue, unpack } from './codec.js'
import { array, bytes, count, nodeId, struct, text } from './fields.js'
import { badFrame, closeCodes, Refusal, secretsDiffer } from './refusal.js'

export const nonceBytes = 32

const magic = 'carillon'
const proofBytes = 32

export type Role = 'dial' | 'accept'

/** What a node says of itself. Nothing of it is to be believed until the proof, which covers all of it. */
export interface Hello {
  readonly cluster: string
  readonly id: NodeId
  readonly name: string
  /** host:port where it can be dialled. */
  readonly address: string
  readonly nonce: Uint8Array
}

const hello = struct<Hello>({
  cluster: text(512, 1),
  id: nodeId,
  name: text(512),
  address: text(512),
  nonce: bytes(nonceBytes, nonceBytes),
})

const proof = struct<{ mac: Uint8Array }>({ mac: bytes(0, proofBytes) })

/** The protocol comes before what it may change, and is judged before anything else. */
const parseHello = (frame: Uint8Array, protocol: number): Hello => {
  const [word, spoken, ...fields] = array(unpack(frame), 2, 16)
  if (word !== magic) throw badFrame('no greeting')
  if (count.parse(spoken) !== protocol)
    throw new Refusal(closeCodes.wrongVersion, `it greets by protocol ${spoken}, not ${protocol}`)
  return hello.parse(fields)
}

const lengthOf = (part: Uint8Array): Uint8Array => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(part.length)
  return length
}

const otherRole = (role: Role): Role => (role === 'dial' ? 'accept' : 'dial')

/**
 * One side of: dialler's hello, accepter's hello, dialler's proof, accepter's proof. Both know both hellos by then; a
 * proof is an HMAC over who proves and both hellos as they were sent, so it holds for these two nodes, cluster,
 * protocol and nonces only, and can't be reflected. Without secrets proofs are empty. No sockets here: bytes in, bytes
 * or a refusal out.
 */
export class Handshake {
  readonly hello: Uint8Array
  /** Agreed on before (see protocol.ts). */
  readonly protocol: number
  readonly #role: Role
  readonly #cluster: string
  readonly #secrets: readonly Uint8Array[]
  #theirs: Uint8Array = new Uint8Array()
  #shared: Uint8Array | undefined

  constructor(parts: { role: Role; self: Hello; secrets: readonly Uint8Array[]; protocol: number }) {
    this.protocol = parts.protocol
    this.#role = parts.role
    this.#cluster = parts.self.cluster
    this.#secrets = parts.secrets
    this.hello = packValue([magic, parts.protocol, ...(hello.pack(parts.self) as unknown[])])
  }

  /** The other's hello. */
  meet(frame: Uint8Array): Hello | Refusal {
    const theirs = attempt(() => parseHello(frame, this.protocol))
    if (theirs instanceof Refusal) return theirs
    if (theirs.cluster !== this.#cluster) return new Refusal(closeCodes.wrongCluster, 'another cluster')
    this.#theirs = frame
    return theirs
  }

  /** That this side knows the secret that the other one has proven, or else the first of its own. */
  proof(): Uint8Array {
    const secret = this.#shared ?? this.#secrets[0]
    return packValue(proof.pack({ mac: secret ? this.#mac(secret, this.#role) : new Uint8Array() }))
  }

  /** That the other side knows any of this side's secrets, which so can be changed one node after the other. */
  verify(frame: Uint8Array): Refusal | undefined {
    const theirs = attempt(() => proof.parse(unpack(frame)))
    if (theirs instanceof Refusal) return theirs
    const role = otherRole(this.#role)
    const known = this.#secrets.filter((secret) => isSame(theirs.mac, this.#mac(secret, role)))
    this.#shared = known[0]
    const open = this.#secrets.length === 0 && theirs.mac.length === 0
    return this.#shared || open ? undefined : new Refusal(closeCodes.wrongSecret, secretsDiffer)
  }

  #mac(secret: Uint8Array, role: Role): Uint8Array {
    const [dialler, accepter] = this.#role === 'dial' ? [this.hello, this.#theirs] : [this.#theirs, this.hello]
    const mac = createHmac('sha256', secret).update(role)
    for (const part of [dialler, accepter]) mac.update(lengthOf(part)).update(part)
    return mac.digest()
  }
}

/** In a time that does not depend on where they differ. */
const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b)
