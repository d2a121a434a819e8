import { once } from 'node:events'
import { WebSocket } from 'ws'

export interface Memory {
  readonly heapUsed: number
  /** What buffers hold, beside the heap. */
  readonly external: number
  readonly rss: number
}

interface Reply {
  readonly id: number
  readonly result: { readonly result?: { readonly value?: string } }
}

/** Looks into another process by its inspector: so that nothing has to be built into the node for it. */
export class Inspector {
  readonly #socket: WebSocket
  #count = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
  }

  /** `url`: as a process says it that was started with --inspect. */
  static async attach(url: string): Promise<Inspector> {
    const socket = new WebSocket(url)
    await once(socket, 'open')
    return new Inspector(socket)
  }

  /** Once all that nobody holds is collected. */
  async memory(): Promise<Memory> {
    for (let i = 0; i < 3; i++) await this.#call('HeapProfiler.collectGarbage')
    const expression = 'JSON.stringify(process.memoryUsage())'
    const { result } = await this.#call('Runtime.evaluate', { expression })
    const { heapUsed, external, rss } = JSON.parse(result?.value ?? '{}')
    return { heapUsed, external, rss }
  }

  close(): void {
    this.#socket.terminate()
  }

  #call(method: string, params: object = {}): Promise<Reply['result']> {
    const id = ++this.#count
    return new Promise((resolve) => {
      const take = (data: object): void => {
        const reply: Reply = JSON.parse(String(data))
        if (reply.id !== id) return
        this.#socket.off('message', take)
        resolve(reply.result)
      }
      this.#socket.on('message', take)
      this.#socket.send(JSON.stringify({ id, method, params }))
    })
  }
}
