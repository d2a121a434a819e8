import type { Guard } from '../../src/http/guard.js'
import { type HttpOptions, httpDefaults } from '../../src/http/limits.js'
import { HttpServer } from '../../src/http/server.js'
import { FakeBus } from './fake-bus.js'
import { type Reply, Wire } from './wire.js'

interface Teardown {
  teardown(end: () => Promise<void>): void
}

/** A server before a fake bus, with the connections that a test opens; all of it is closed after the test. */
export class Stage {
  readonly bus = new FakeBus()
  readonly server: HttpServer
  readonly #wires: Wire[] = []
  port = 0

  private constructor(options: Partial<HttpOptions>, guard: Guard | undefined) {
    this.server = new HttpServer({ bus: this.bus, guard, options: { ...httpDefaults, ...options } })
  }

  static async set(t: Teardown, options: Partial<HttpOptions> = {}, guard?: Guard): Promise<Stage> {
    const stage = new Stage(options, guard)
    stage.port = (await stage.server.listen('127.0.0.1', 0)).port
    t.teardown(() => stage.strike())
    return stage
  }

  async open(): Promise<Wire> {
    const wire = await Wire.open(this.port)
    this.#wires.push(wire)
    return wire
  }

  /** One request on a connection of its own. */
  async ask(method: string, target: string, body?: string | Uint8Array, headers?: readonly string[]): Promise<Reply> {
    const wire = await this.open()
    const reply = await wire.send(method, target, body, headers).reply()
    wire.close()
    return reply
  }

  post(target: string, body: string | Uint8Array, headers?: readonly string[]): Promise<Reply> {
    return this.ask('POST', target, body, headers)
  }

  async strike(): Promise<void> {
    for (const wire of this.#wires) wire.close()
    await this.server.close(0)
  }
}
