import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import tap, { type Test, test } from 'tap'
import { hangUp } from '../../live/ask.js'
import { Fleet } from '../../live/fleet.js'
import { until } from '../../support/until.js'
import { whyNot } from './debian.js'
import { authorization, login } from './login.js'
import { Puppet } from './puppet.js'
import { database, Site } from './site.js'

tap.setTimeout(300_000)

const clients = 100
const bursts = 5
const burst = 10
const quietSeconds = 5

/** Waits, shows, and waits on, as Tryton's clients do; it ends with the first answer that is empty after the last burst. */
class Client {
  readonly titles: string[] = []
  /** Answers without a message. */
  empty = 0
  readonly #url: string
  readonly #headers: { readonly [name: string]: string }
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  #last: string | null = null

  constructor(url: string, session: string) {
    this.#url = `${url}/${database}/bus`
    this.#headers = { 'Content-Type': 'application/json', Authorization: authorization(session) }
  }

  async run(isOver: () => boolean): Promise<void> {
    for (let failures = 0; ; ) {
      const message = await this.#poll().catch(() => undefined)
      if (message === undefined) {
        if (++failures > 20) throw new Error('the bus does not answer')
        continue
      }
      failures = 0
      if (message) {
        this.titles.push(message.title)
        this.#last = message.message_id
        continue
      }
      this.empty++
      if (isOver()) break
    }
    this.#agent.destroy()
  }

  #poll(): Promise<{ title: string; message_id: string } | null> {
    const body = JSON.stringify({ channels: [], last_message: this.#last })
    const headers = { ...this.#headers, 'Content-Length': Buffer.byteLength(body) }
    return new Promise((resolve, reject) => {
      const asked = request(this.#url, { method: 'POST', agent: this.#agent, headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          if (response.statusCode !== 200) reject(new Error(String(response.statusCode)))
          else resolve(JSON.parse(Buffer.concat(chunks).toString()).message)
        })
      })
      asked.on('error', reject)
      asked.end(body)
    })
  }
}

interface Result {
  readonly name: string
  readonly threads: string
  readonly shown: number
  readonly lost: number
  readonly twice: number
  readonly disordered: number
}

const threadsOf = (pid: number): number =>
  Number(/^Threads:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])

/** How many of the clients were shown something before what was committed before it. */
const disorderedOf = (all: readonly Client[], order: ReadonlyMap<string, number>): number =>
  all.filter(({ titles }) =>
    titles.some((title, i) => i > 0 && (order.get(title) ?? 0) < (order.get(titles[i - 1] ?? '') ?? 0)),
  ).length

/** Each client has been shown all of these, or was told since that there is nothing more. */
const atRest = async (all: readonly Client[], titles: readonly string[], look: () => void): Promise<void> => {
  const before = all.map(({ empty }) => empty)
  const rests = (client: Client, i: number): boolean =>
    client.empty > (before[i] ?? 0) + 1 || titles.every((title) => client.titles.includes(title))
  const allRest = (): boolean => {
    look()
    return all.every(rests)
  }
  await until('all rest', allRest, 120_000)
}

interface Trial {
  readonly name: string
  readonly url: string
  /** Where one logs in. */
  readonly trytond: { readonly url: string; readonly file: string }
  readonly pids: readonly number[]
}

const measure = async (t: Test, { name, url, trytond, pids }: Trial): Promise<Result> => {
  const session = await login(trytond.url)
  const before = pids.map(threadsOf)
  const most = before.map(() => 0)
  const count = (): void => {
    for (const [i, pid] of pids.entries()) most[i] = Math.max(most[i] ?? 0, threadsOf(pid) - (before[i] ?? 0))
  }
  const all = Array.from({ length: clients }, () => new Client(url, session))
  const notifier = new Puppet('notifier.py', [trytond.file, database])
  t.teardown(() => notifier.kill())
  const titles = Array.from({ length: bursts * burst }, (_, n) => `${name} ${n}`)
  let over = false
  const running = all.map((client) => client.run(() => over))
  notifier.tell({ titles: [`${name} hello`], user: 1 })
  await until('all are there', () => all.every((client) => client.titles.length > 0), 60_000)
  for (let i = 0; i < bursts; i++) {
    const some = titles.slice(i * burst, (i + 1) * burst)
    for (const title of some) notifier.tell({ titles: [title], user: 1 })
    await notifier.says(1 + (i + 1) * burst)
    await atRest(all, some, count)
  }
  over = true
  await Promise.all(running)
  const order = new Map([`${name} hello`, ...titles].map((title, i) => [title, i]))
  const shown = all.reduce((sum, client) => sum + client.titles.length, 0)
  const distinct = all.reduce((sum, client) => sum + new Set(client.titles).size, 0)
  return {
    name,
    threads: most.join(' + '),
    shown: distinct,
    lost: order.size * clients - distinct,
    twice: shown - distinct,
    disordered: disorderedOf(all, order),
  }
}

const table = (results: readonly Result[]): string => {
  const rows = [
    ['', ...results.map(({ name }) => name)],
    ['---', ...results.map(() => '---')],
    ['notifications lost', ...results.map(({ lost, shown }) => `${lost} of ${lost + shown}`)],
    ['shown twice', ...results.map(({ twice }) => String(twice))],
    [
      'clients that saw another order than that of the commits',
      ...results.map(({ disordered }) => `${disordered} of ${clients}`),
    ],
    [`threads for ${clients} waiting clients`, ...results.map(({ threads }) => threads)],
  ]
  return `${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`
}

test('the same bursts on trytond’s own bus and on Carillon', { skip: whyNot() }, async (t) => {
  const site = await Site.found(t)
  const own = await site.trytond('own', { allow_subscribe: true, long_polling_timeout: quietSeconds })
  const ownTrial = { name: 'trytond', url: own.url, trytond: own, pids: [own.service.pid] }
  const ownResult = await measure(t, ownTrial)
  const flags = ['--auth', `trytond=${own.url}`, '--tryton-listen', `${site.databaseUrl}/${database}`]
  const fleet = await Fleet.launch(3, [...flags, '--long-poll-timeout', `${quietSeconds}`])
  t.teardown(async () => {
    hangUp()
    await fleet.sink()
  })
  const url = await site.nginx(fleet.urls, own.url)
  const ours = await measure(t, { name: 'Carillon', url, trytond: own, pids: fleet.ships.map(({ pid }) => pid) })
  t.match(ours, { lost: 0, twice: 0, disordered: 0 })
  const text = table([ownResult, ours])
  const folder = fileURLToPath(new URL('../../../artifacts', import.meta.url))
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/tryton-comparison.md`, text)
  for (const line of text.trimEnd().split('\n')) t.comment(line)
})
