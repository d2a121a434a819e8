import { type CarillonError, type Client, UnreachableError } from '../src/client/index.js'
import { clientFor, keyIn, outcomeOf } from './client.js'
import { Failure } from './failure.js'
import type { ServerFlags } from './flags.js'
import { Meter } from './meter.js'
import { print, printSoon, say } from './terminal.js'

export interface PublishFlags extends ServerFlags {
  readonly key?: string
  readonly ack: 'all' | 'local'
  readonly minCopies: number
  readonly progress?: boolean
}

/** What is published and not yet acknowledged: enough to fill the next request while one is under way. */
const underWayMax = { items: 4000, characters: 8 * 2 ** 20 }
const lineMax = 64 * 2 ** 20

const isObject = (json: string): boolean => {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

/** The lines of a stream, as many at a time as have arrived: an interactive line goes at once, a file in large batches. */
async function* linesOf(input: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let rest = ''
  for await (const chunk of input) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > lineMax) throw new Failure(1, `a line is longer than ${lineMax} characters`)
    yield lines
  }
  if (rest !== '') yield [rest]
}

interface Sent {
  readonly line: number
  readonly size: number
  readonly id: Promise<string>
}

/**
 * Publishes line after line without waiting for each, and prints the ids in their order as they come. After the
 * first that fails, `add` and `flush` reject.
 */
class Press {
  readonly #publish: (json: string) => Promise<string>
  readonly #meter: Meter
  readonly #sent: Sent[] = []
  #size = 0
  #printing: Promise<void> = Promise.resolve()
  #isPrinting = false
  #hasFailed = false
  #room = (): void => {}

  constructor(publish: (json: string) => Promise<string>, meter: Meter) {
    this.#publish = publish
    this.#meter = meter
  }

  /** What to wait for before the next one, if there is anything. */
  add(line: number, json: string): Promise<void> | undefined {
    if (this.#hasFailed) return this.#printing
    const id = this.#publish(json)
    // It is looked at in its turn.
    id.catch(() => {})
    this.#sent.push({ line, size: json.length, id })
    this.#size += json.length
    if (!this.#isPrinting) this.#start()
    if (!this.#isFull) return undefined
    const room = new Promise<void>((resolve) => {
      this.#room = resolve
    })
    return Promise.race([this.#printing, room])
  }

  /** Until all is acknowledged. */
  flush(): Promise<void> {
    return this.#printing
  }

  get #isFull(): boolean {
    return this.#sent.length >= underWayMax.items || this.#size >= underWayMax.characters
  }

  #start(): void {
    this.#isPrinting = true
    this.#printing = this.#print()
    this.#printing.catch(() => {
      this.#hasFailed = true
    })
  }

  async #print(): Promise<void> {
    for (let next = this.#sent[0]; next; next = this.#sent[0]) {
      const { line, size, id } = next
      await printSoon(await outcomeOf(id, (error) => whereOf(error, line)))
      this.#sent.shift()
      this.#size -= size
      this.#meter.add(1)
      if (!this.#isFull) this.#room()
    }
    this.#isPrinting = false
  }
}

const whereOf = (error: CarillonError, line: number): string => {
  const key = keyIn(error)
  if (key !== undefined) return `line ${line}; its key is ${key}`
  return `line ${line}${error instanceof UnreachableError ? ' and those after it' : ''}`
}

const publishLines = async (publish: (json: string) => Promise<string>, flags: PublishFlags): Promise<void> => {
  if (process.stdin.isTTY) say('carillon: one JSON object a line; Ctrl-D ends')
  process.stdin.setEncoding('utf8')
  const meter = new Meter('published', flags.progress ?? (process.stderr.isTTY && !process.stdin.isTTY))
  const press = new Press(publish, meter)
  let line = 0
  try {
    for await (const lines of linesOf(process.stdin as AsyncIterable<string>)) {
      for (const text of lines) {
        line++
        if (text.trim() === '') continue
        if (!isObject(text)) {
          await press.flush()
          throw new Failure(1, `line ${line} is not a JSON object; what stands before it is published`)
        }
        const room = press.add(line, text)
        if (room) await room
      }
    }
    await press.flush()
  } finally {
    meter.end()
  }
}

const publisherFor =
  (client: Client, channel: string, flags: PublishFlags) =>
  async (json: string, key?: string): Promise<string> => {
    const { ack, minCopies, timeout } = flags
    const terms = { ack, minCopies, timeoutMs: timeout * 1000, ...(key === undefined ? {} : { key }) }
    return (await client.publishText(channel, json, terms)).message_id
  }

const keyWords = (key: string | undefined): string | undefined => (key === undefined ? key : `the key is ${key}`)

export const publish = async (channel: string, json: string | undefined, flags: PublishFlags): Promise<void> => {
  const { server: servers, database, key, timeout } = flags
  if (json === undefined && key !== undefined) throw new Failure(2, '--key is for one message, given as JSON')
  if (json !== undefined && !isObject(json)) throw new Failure(2, `the message must be a JSON object, not ${json}`)
  const onPublishTrouble = (why: string): void => say(`carillon: not published yet, trying for ${timeout} s: ${why}`)
  // For one message there is no time to learn of other nodes than those given.
  const client = clientFor({ servers, database, discover: json === undefined, onPublishTrouble })
  const press = publisherFor(client, channel, flags)
  try {
    if (json === undefined) await publishLines(press, flags)
    else await print(await outcomeOf(press(json, key), (error) => keyWords(keyIn(error) ?? key)))
  } finally {
    await client.close()
  }
}
