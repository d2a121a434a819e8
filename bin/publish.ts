import { randomUUID } from 'node:crypto'
import { Client, type Reply } from './client.js'
import { Failure } from './failure.js'
import type { ServerFlags } from './flags.js'
import { print, say } from './terminal.js'

export interface PublishFlags extends ServerFlags {
  readonly key?: string
  readonly ack: 'all' | 'local'
  readonly minCopies: number
}

interface Item {
  readonly line: number
  readonly key: string
  /** The message as it was written. */
  readonly json: string
}

/** What one request may carry; the server takes 1,000. */
const batchMax = { items: 500, characters: 512 * 1024 }
const lineMax = 64 * 2 ** 20

/** A silent server holds a publish up for no longer than this: another one is asked, with the same key. */
const attemptMs = 5000

const isObject = (json: string): boolean => {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

/** Publishes under keys, so that asking another server, or again, does it once however often it arrives. */
class Press {
  readonly #client: Client
  readonly #path: string

  constructor(
    readonly channel: string,
    readonly flags: PublishFlags,
  ) {
    this.#client = new Client(flags.server)
    this.#path = `/${encodeURIComponent(flags.database)}/bus/publish`
  }

  async one(item: Item): Promise<readonly string[]> {
    const reply = await this.#post(this.#body(item), `the key is ${item.key}`)
    const { message_id: id }: { message_id: string } = JSON.parse(reply.text)
    return [id]
  }

  async many(items: readonly Item[]): Promise<readonly string[]> {
    const [first, ...rest] = items
    if (first === undefined) return []
    if (rest.length === 0) return this.one(first)
    const messages = items.map((item) => `{${this.#message(item)}}`).join(',')
    const lines = `lines ${first.line} to ${rest.at(-1)?.line}`
    const reply = await this.#post(`{"messages":[${messages}]${this.#terms()}}`, lines)
    const { message_ids: ids }: { message_ids: readonly string[] } = JSON.parse(reply.text)
    return ids
  }

  close(): void {
    this.#client.close()
  }

  /** The message goes in as it was written: reading it and writing it anew would change large numbers. */
  #message({ key, json }: Item): string {
    return `"channel":${JSON.stringify(this.channel)},"key":${JSON.stringify(key)},"message":${json}`
  }

  #terms(): string {
    const { ack, minCopies } = this.flags
    return `${ack === 'all' ? '' : `,"ack":"${ack}"`}${minCopies > 1 ? `,"min_copies":${minCopies}` : ''}`
  }

  #body(item: Item): string {
    return `{${this.#message(item)}${this.#terms()}}`
  }

  async #post(body: string, what: string): Promise<Reply> {
    const totalMs = this.flags.timeout * 1000
    const onTrouble = (why: string): void =>
      say(`carillon: not published yet, trying for ${this.flags.timeout} s: ${why}`)
    try {
      return await this.#client.ask({
        method: 'POST',
        path: this.#path,
        body,
        changes: true,
        attemptMs,
        totalMs,
        onTrouble,
      })
    } catch (error) {
      if (error instanceof Failure) throw new Failure(error.exitCode, `${error.message} (${what})`)
      throw error
    }
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

/** Cuts what has arrived into requests that a server takes. */
function* batchesOf(items: Iterable<Item>): Generator<readonly Item[]> {
  let batch: Item[] = []
  let characters = 0
  for (const item of items) {
    if (batch.length === batchMax.items || (batch.length > 0 && characters + item.json.length > batchMax.characters)) {
      yield batch
      batch = []
      characters = 0
    }
    batch.push(item)
    characters += item.json.length
  }
  if (batch.length > 0) yield batch
}

const publishLines = async (press: Press): Promise<void> => {
  if (process.stdin.isTTY) say('carillon: one JSON object a line; Ctrl-D ends')
  process.stdin.setEncoding('utf8')
  const run = randomUUID()
  let line = 0
  for await (const lines of linesOf(process.stdin as AsyncIterable<string>)) {
    const items: Item[] = []
    let bad = 0
    for (const text of lines) {
      line++
      if (text.trim() === '') continue
      if (!isObject(text)) {
        bad = line
        break
      }
      items.push({ line, key: `${run}-${line}`, json: text })
    }
    for (const batch of batchesOf(items)) await print((await press.many(batch)).join('\n'))
    if (bad > 0) throw new Failure(1, `line ${bad} is not a JSON object; what stands before it is published`)
  }
}

export const publish = async (channel: string, json: string | undefined, flags: PublishFlags): Promise<void> => {
  if (json === undefined && flags.key !== undefined) throw new Failure(2, '--key is for one message, given as JSON')
  if (json !== undefined && !isObject(json)) throw new Failure(2, `the message must be a JSON object, not ${json}`)
  const press = new Press(channel, flags)
  try {
    if (json === undefined) await publishLines(press)
    else for (const id of await press.one({ line: 1, key: flags.key ?? randomUUID(), json })) await print(id)
  } finally {
    press.close()
  }
}
