import { connect, createServer, type Server, type Socket } from 'node:net'
import { userAgentOf } from '../peer/dial.js'
import { sleep } from './world.js'

const host = '127.0.0.1'
/** Of a request that does not say who dials; and of what waits in one direction. */
const headMax = 4096
const queueMax = 4 * 2 ** 20
const openTries = 50
const openAgainMs = 100

/** What happens to all that goes from one node to another. */
export interface Weather {
  /** Nothing gets through, and nothing is lost: it comes when the cable is mended, as TCP would have it. */
  holds(from: string, to: string): boolean
  /** Milliseconds that everything takes longer. */
  delays(from: string, to: string): number
}

/** One direction of a connection. */
class Pipe {
  readonly #from: Socket
  readonly #to: Socket
  readonly #isHeld: () => boolean
  readonly #delayMs: () => number
  readonly #queue: { readonly bytes: Buffer; readonly dueMs: number }[] = []
  #size = 0
  #isEnded = false
  #timer: NodeJS.Timeout | undefined

  constructor(from: Socket, to: Socket, weather: { isHeld(): boolean; delayMs(): number }) {
    this.#from = from
    this.#to = to
    this.#isHeld = weather.isHeld
    this.#delayMs = weather.delayMs
    from.on('data', (bytes: Buffer) => {
      this.#queue.push({ bytes, dueMs: performance.now() + this.#delayMs() })
      this.#size += bytes.length
      if (this.#size > queueMax) from.pause()
      this.flush()
    })
    from.on('close', () => {
      this.#isEnded = true
      this.flush()
    })
  }

  /** Lets through what may go. The end of a connection has to wait behind all that was said before it. */
  flush(): void {
    clearTimeout(this.#timer)
    if (this.#isHeld()) return
    const now = performance.now()
    for (let next = this.#queue[0]; next && next.dueMs <= now; next = this.#queue[0]) {
      this.#queue.shift()
      this.#size -= next.bytes.length
      this.#to.write(next.bytes)
    }
    if (this.#from.isPaused() && this.#size <= queueMax) this.#from.resume()
    const [next] = this.#queue
    if (next) this.#timer = setTimeout(() => this.flush(), Math.ceil(next.dueMs - now))
    else if (this.#isEnded) this.#to.destroySoon()
  }
}

interface Joint {
  readonly near: Socket
  readonly far: Socket
  readonly from: string
  readonly pipes: readonly Pipe[]
}

/**
 * The way to the peer port of one node: whoever dials it comes by here, says who it is in the head of its request, and
 * can be cut off, held up or turned away.
 */
export class Cable {
  readonly #to: string
  readonly #nodes: readonly string[]
  readonly #weather: Weather
  readonly #joints = new Set<Joint>()
  #server: Server | undefined
  #target = 0
  #refused: ReadonlySet<string> = new Set()
  port = 0

  constructor(to: string, nodes: readonly string[], weather: Weather) {
    this.#to = to
    this.#nodes = nodes
    this.#weather = weather
  }

  /** Takes a port; with the first call a free one, later the same, even if somebody else has it for a moment. */
  async open(): Promise<void> {
    for (let left = openTries; ; left--) {
      try {
        this.port = await this.#listen()
        return
      } catch (error) {
        if (left === 0) throw error
        await sleep(openAgainMs)
      }
    }
  }

  lay(port: number): void {
    this.#target = port
  }

  /** Nobody listens here any more: whoever dials is refused, as after the death of a node. */
  close(): void {
    this.#server?.close()
    for (const joint of this.#joints) this.#cut(joint)
  }

  /** These are cut off, and cut off again whenever they come. */
  refuse(from: ReadonlySet<string>): void {
    this.#refused = from
    for (const joint of this.#joints) if (from.has(joint.from)) this.#cut(joint)
  }

  /** The weather has changed. */
  flush(): void {
    for (const { pipes } of this.#joints) for (const pipe of pipes) pipe.flush()
  }

  #listen(): Promise<number> {
    const server = createServer((near) => this.#meet(near))
    this.#server = server
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.port, host, () => {
        const address = server.address()
        resolve(typeof address === 'object' && address ? address.port : 0)
      })
    })
  }

  #cut({ near, far }: Joint): void {
    near.resetAndDestroy()
    far.resetAndDestroy()
  }

  #meet(near: Socket): void {
    let head = ''
    near.on('error', () => {})
    const onData = (bytes: Buffer): void => {
      head += bytes.toString('latin1')
      if (!head.includes('\r\n\r\n') && head.length < headMax) return
      near.off('data', onData)
      near.pause()
      const from = this.#nodes.find((name) => head.includes(`User-Agent: ${userAgentOf(name)}\r\n`)) ?? ''
      if (this.#refused.has(from)) near.resetAndDestroy()
      else this.#join(near, from, Buffer.from(head, 'latin1'))
    }
    near.on('data', onData)
  }

  #join(near: Socket, from: string, head: Buffer): void {
    const far = connect({ port: this.#target, host, noDelay: true })
    near.setNoDelay(true)
    const [to, weather] = [this.#to, this.#weather]
    const way = (a: string, b: string) => ({
      isHeld: () => weather.holds(a, b),
      delayMs: () => weather.delays(a, b),
    })
    const pipes = [new Pipe(near, far, way(from, to)), new Pipe(far, near, way(to, from))]
    const joint = { near, far, from, pipes }
    this.#joints.add(joint)
    const forget = (): void => {
      if (near.destroyed && far.destroyed) this.#joints.delete(joint)
    }
    far.on('error', () => {})
    near.on('close', forget)
    far.on('close', forget)
    near.unshift(head)
    near.resume()
  }
}
