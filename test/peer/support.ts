import { EventEmitter, once } from 'node:events'
import type { Test } from 'tap'
import type { Message } from '../../src/cluster/message.js'
import type { Report } from '../../src/effect.js'
import { makeNodeId, type NodeId } from '../../src/log/node-id.js'
import { type PeerOptions, peerDefaults } from '../../src/peer/limits.js'
import { Links } from '../../src/peer/links.js'
import type { Protocols } from '../../src/peer/protocol.js'

export const secret = Buffer.from('a secret of the tests')

/** Ids whose order is that of their numbers. */
export const idOf = (number: number): NodeId => makeNodeId(1_700_000_000_000 + number, () => 0.5)

interface Happened {
  readonly event: string
  readonly peer?: NodeId
  readonly message?: Message
  readonly report?: Report
  readonly addresses?: readonly string[]
}

export interface Given {
  readonly id?: NodeId
  readonly cluster?: string
  readonly secrets?: readonly Uint8Array[]
  readonly options?: Partial<PeerOptions>
  readonly port?: number
  readonly protocols?: Protocols
}

/** A `Links` that listens, and remembers all that happened to it, so that nothing is missed by asking late. */
export class Side {
  readonly links: Links
  readonly self: { id: NodeId; name: string; address: string }
  readonly happened: Happened[] = []
  readonly #emitter = new EventEmitter()

  constructor(given: Given) {
    const id = given.id ?? idOf(1)
    this.self = { id, name: `node ${id}`, address: '' }
    this.links = new Links({
      self: this.self,
      cluster: given.cluster ?? 'test',
      secrets: given.secrets ?? [secret],
      options: { ...peerDefaults, ...given.options },
      ...(given.protocols && { protocols: given.protocols }),
      random: () => 0.5,
      on: {
        linked: (peer) => this.#note({ event: 'linked', peer }),
        unlinked: (peer) => this.#note({ event: 'unlinked', peer }),
        refused: (peer) => this.#note({ event: 'refused', peer }),
        incompatible: (addresses) => this.#note({ event: 'incompatible', addresses }),
        message: (peer, message) => this.#note({ event: 'message', peer, message }),
        report: (report) => this.#note({ event: 'report', report }),
      },
    })
  }

  get id(): NodeId {
    return this.self.id
  }

  get address(): string {
    return this.self.address
  }

  get port(): number {
    return Number(this.address.split(':')[1])
  }

  async listen(port = 0): Promise<this> {
    const bound = await this.links.listen('127.0.0.1', port)
    this.self.address = `127.0.0.1:${bound.port}`
    return this
  }

  #note(happened: Happened): void {
    this.happened.push(happened)
    this.#emitter.emit('happened')
  }

  all(event: string, peer?: NodeId): readonly Happened[] {
    return this.happened.filter((each) => each.event === event && (peer === undefined || each.peer === peer))
  }

  reports(event: string): readonly Report[] {
    return this.happened.flatMap(({ report }) => (report?.event === event ? report : []))
  }

  /** As soon as it holds, looking again whenever something has happened. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await this.next()
  }

  async next(): Promise<void> {
    await once(this.#emitter, 'happened')
  }

  async had(event: string, peer?: NodeId, times = 1): Promise<void> {
    await this.until(() => this.all(event, peer).length >= times)
  }

  async linkedTo(other: Side): Promise<void> {
    await this.until(() => this.links.status().links.some(({ id }) => id === other.id))
  }
}

export const open = async (t: Test, given: Given = {}): Promise<Side> => {
  const side = await new Side(given).listen(given.port)
  t.teardown(() => side.links.close())
  return side
}

export const heartbeat: Message = { type: 'heartbeat', claims: [] }
