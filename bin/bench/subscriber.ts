import { Check, type Mark, read } from './message.js'
import type { Job, Subscription } from './plan.js'
import { Wire } from './wire.js'

interface Page {
  readonly messages: readonly { readonly message: object }[]
  readonly cursor: string
  readonly gap?: boolean
}

interface Single {
  readonly channel: string | null
  readonly message: { readonly message_id: string } | null
  readonly gap?: boolean
}

const waitSeconds = 20
const againMs = 100

/** Reads its channels by long-poll, one request after the other. */
export class Subscriber {
  readonly check = new Check()
  readonly channels: readonly number[]
  readonly #job: Job
  readonly #wire: Wire
  readonly #names: string
  readonly #onMessage: (mark: Mark) => void
  readonly #onPage: (ms: number) => void
  #cursor = 'now'
  #lastId: string | null = null
  #passed = 0
  #closed = false

  constructor(job: Job, { url, channels }: Subscription, on: { message(mark: Mark): void; page(ms: number): void }) {
    this.channels = channels
    this.#job = job
    this.#wire = new Wire(url)
    this.#names = JSON.stringify(channels.map((channel) => `${job.prefix}${channel}`))
    this.#onMessage = on.message
    this.#onPage = on.page
  }

  /** Resolves when it stands where the present is. */
  place(): Promise<void> {
    return new Promise((resolve) => {
      const ask = (): void => {
        const body = `{"channels":${this.#names},"cursor":"now","timeout":0}`
        this.#wire.post(`/${this.#job.database}/bus/poll`, body, (status, text) => {
          if (status !== 200) {
            this.check.faults.errors++
            setTimeout(ask, againMs)
            return
          }
          const { cursor }: Page = JSON.parse(text)
          this.#cursor = cursor
          this.#lastId = cursor
          resolve()
        })
      }
      ask()
    })
  }

  run(): void {
    if (this.#closed) return
    if (this.#job.retained > 0) this.#catchUp()
    else if (this.#job.transport === 'bus') this.#bus()
    else this.#poll()
  }

  close(): void {
    this.#closed = true
    this.#wire.close()
  }

  #bus(): void {
    const body = `{"channels":${this.#names},"last_message":${JSON.stringify(this.#lastId)}}`
    this.#ask('/bus', body, (text) => {
      const { message, gap }: Single = JSON.parse(text)
      if (gap) this.check.faults.gaps++
      if (!message) return
      this.#lastId = message.message_id
      this.#take(message)
    })
  }

  #poll(): void {
    const body = `{"channels":${this.#names},"cursor":"${this.#cursor}","timeout":${waitSeconds},"limit":1000}`
    this.#ask('/bus/poll', body, (text) => this.#page(JSON.parse(text)))
  }

  /** All that is kept, and again from the start. */
  #catchUp(): void {
    const start = performance.now()
    const cursor = this.#passed === 0 ? 'earliest' : this.#cursor
    const body = `{"channels":${this.#names},"cursor":"${cursor}","timeout":0,"limit":1000}`
    this.#ask('/bus/poll', body, (text) => {
      const page: Page = JSON.parse(text)
      this.#page(page)
      this.#onPage(performance.now() - start)
      this.#passed += page.messages.length
      if (page.messages.length > 0 && this.#passed < this.#job.retained * this.channels.length) return
      this.check.faults.lost += this.#job.retained * this.channels.length - this.#passed
      this.check.reset()
      this.#passed = 0
    })
  }

  #ask(path: string, body: string, take: (text: string) => void): void {
    this.#wire.post(`/${this.#job.database}${path}`, body, (status, text) => {
      if (this.#closed) return
      if (status === 200) {
        take(text)
        this.run()
        return
      }
      this.check.faults.errors++
      setTimeout(() => this.run(), againMs)
    })
  }

  #page({ messages, cursor, gap }: Page): void {
    if (gap) this.check.faults.gaps++
    this.#cursor = cursor
    for (const { message } of messages) this.#take(message)
  }

  #take(message: object): void {
    const mark = read(message)
    this.check.take(mark)
    this.#onMessage(mark)
  }
}
