import type { Backbone, BackboneParts } from '../backbone.js'
import type { Effect } from '../effect.js'
import { Engine } from '../engine.js'
import type { CoreOptions } from '../limits.js'
import { type Address, addressOf, peerLimitsFor } from '../options.js'
import { clock, random } from '../system.js'
import type { Tls } from '../tls.js'
import { Links } from './links.js'

/** The nodes themselves, linked with each other. */
export class Mesh implements Backbone {
  readonly #parts: BackboneParts
  readonly #links: Links

  constructor(parts: BackboneParts) {
    const { options, self, secrets, tls, step, report } = parts
    this.#parts = parts
    this.#links = new Links({
      self,
      cluster: options.cluster,
      secrets,
      tls,
      options: peerLimitsFor(options),
      random,
      on: {
        linked: (peer) => step({ type: 'linked', peer }),
        unlinked: (peer) => step({ type: 'unlinked', peer }),
        refused: (peer) => step({ type: 'refused', peer }),
        incompatible: (addresses) => step({ type: 'incompatible', addresses }),
        message: (from, message) => step({ type: 'received', from, message }),
        report,
      },
    })
  }

  get counters(): Links['counters'] {
    return this.#links.counters
  }

  get founds(): boolean {
    return this.#seeds.length === 0
  }

  get #seeds(): readonly string[] {
    const { options, self } = this.#parts
    return options.join.filter((other) => other !== self.address)
  }

  async listen(): Promise<Address> {
    const peer = addressOf(this.#parts.options.peerListen)
    const bound = await this.#links.listen(peer.host, peer.port)
    return { ...peer, port: bound.port }
  }

  engine(options: CoreOptions): Engine {
    return new Engine({ options, random, now: clock.now() })
  }

  renew(tls: Tls | undefined): void {
    this.#links.renew(tls)
  }

  begin(): void {
    this.#links.seeds(this.#seeds)
  }

  carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'send':
        this.#links.send(effect.to, effect.message)
        break
      case 'dial':
        this.#links.dial(effect.peer, effect.address)
        break
      case 'forget':
        this.#links.forget(effect.peer, effect.address)
        break
      case 'hangup':
        this.#links.hangup(effect.peer, effect.code, effect.reason)
        break
      default:
    }
  }

  close(): Promise<void> {
    return this.#links.close()
  }
}
