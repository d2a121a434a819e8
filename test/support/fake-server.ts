import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Answered {
  readonly status?: number
  readonly headers?: { readonly [name: string]: string }
  readonly body?: string | Buffer
}

/** Says what a test wants said: an answer, `hang` for none, or `cut` for a connection that ends in the middle. */
export type Script = (asked: Asked, count: number) => Answered | 'hang' | 'cut'

/** A server that is no node, to see what clients make of answers that a real one seldom gives. */
export class FakeServer {
  readonly asked: Asked[] = []
  readonly #server: Server

  private constructor(script: Script) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request
        const asked = { method, path, headers, body: Buffer.concat(chunks).toString() }
        this.asked.push(asked)
        const said = script(asked, this.asked.length)
        if (said === 'cut') request.socket.destroy()
        else if (said !== 'hang') response.writeHead(said.status ?? 200, said.headers ?? {}).end(said.body ?? '{}')
      })
    })
  }

  static async listen(script: Script): Promise<FakeServer> {
    const fake = new FakeServer(script)
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve))
    return fake
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
