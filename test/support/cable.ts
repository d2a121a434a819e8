import { connect, createServer, type Server, type Socket } from 'node:net'
import { host } from './free-port.js'

interface Teardown {
  teardown(end: () => void): void
}

/** A way to a port: closed until it is laid, and what goes over it can be cut. */
export class Cable {
  readonly #server: Server
  readonly #ends = new Set<Socket>()
  #to: number | undefined
  port = 0

  private constructor() {
    this.#server = createServer((near) => this.#join(near))
  }

  static async open(t: Teardown): Promise<Cable> {
    const cable = new Cable()
    await new Promise<void>((resolve) => cable.#server.listen(0, host, resolve))
    const address = cable.#server.address()
    cable.port = typeof address === 'object' && address ? address.port : 0
    t.teardown(() => {
      cable.cut()
      cable.#server.close()
    })
    return cable
  }

  lay(port: number): void {
    this.#to = port
  }

  /** Whoever comes again is let through again. */
  cut(): void {
    for (const end of this.#ends) end.destroy()
  }

  #join(near: Socket): void {
    if (this.#to === undefined) {
      near.destroy()
      return
    }
    const far = connect(this.#to, host)
    near.pipe(far).pipe(near)
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#ends.add(end)
      end.on('error', () => {})
      end.on('close', () => {
        this.#ends.delete(end)
        other.destroy()
      })
    }
  }
}
