import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { EventSource } from 'eventsource'
import { chromium, type Page } from 'playwright-core'
import { type Test, test } from 'tap'
import type { Node } from '../../src/index.js'
import { crew } from '../live/crew.js'
import { Cable } from '../support/cable.js'
import { host } from '../support/free-port.js'
import { until } from '../support/until.js'
import { StreamStage } from './stage.js'

/** A node, and a way to it that can be cut. */
const stageBehindCable = async (t: Test): Promise<{ stage: StreamStage; cable: Cable; url: string }> => {
  const stage = await StreamStage.set(t, { streamRetry: 0 })
  const cable = await Cable.open(t)
  cable.lay(stage.port)
  return { stage, cable, url: `http://${host}:${cable.port}` }
}

test('eventsource from npm comes back by itself, with the last id', async (t) => {
  const { stage, cable, url } = await stageBehindCable(t)
  const got: string[] = []
  const positions: string[] = []
  const source = new EventSource(`${url}/main/bus/events?channel=a&from=earliest`)
  t.teardown(() => source.close())
  source.addEventListener('position', ({ data }) => positions.push(JSON.parse(data).cursor))
  source.addEventListener('message', ({ data, lastEventId }) => {
    t.equal(JSON.parse(data).message.message_id, lastEventId)
    got.push(lastEventId)
  })
  const ids = [await stage.publish('a', { n: 0 })]
  await until('it has the first', () => got.length === 1)
  cable.cut()
  ids.push(await stage.publish('a', { n: 1 }))
  await until('it has the second', () => got.length === 2)
  t.same(got, ids)
  t.same(positions, ['earliest', ids[0]], 'it came back with the id')
})

test('curl -N shows each event as it comes', { skip: !existsSync('/usr/bin/curl') && 'no curl here' }, async (t) => {
  const stage = await StreamStage.set(t)
  const curl = spawn('curl', ['-sN', `${stage.node.url}/main/bus/events?channel=a`])
  t.teardown(() => curl.kill())
  let text = ''
  curl.stdout.on('data', (bytes: Buffer) => {
    text += bytes.toString()
  })
  await until('the position', () => /^event: position\nid: 1\./m.test(text))
  const id = await stage.publish('a', { n: 1 })
  const event = `id: ${id}\ndata: {"channel":"a","message":{"message_id":"${id}","n":1}}\n\n`
  await until('the message', () => text.includes(event))
})

const chromiumPath = '/usr/bin/chromium'

/** What runs in a page: it follows with what the browser has, and leaves what comes where the test can look at it. */
const pageScripts = {
  EventSource: `
    const source = new EventSource('/main/bus/events?channel=a')
    source.onmessage = ({ data }) => seen.push(JSON.parse(data).message.n)
    source.addEventListener('position', () => seen.push('position'))`,
  WebSocket: `
    let cursor = 'now'
    const follow = () => {
      const socket = new WebSocket(location.href.replace('http', 'ws') + 'main/bus/socket', 'carillon.v1')
      socket.onopen = () => socket.send(JSON.stringify({ type: 'subscribe', id: 1, channels: ['a'], from: cursor }))
      socket.onmessage = ({ data }) => {
        const told = JSON.parse(data)
        cursor = told.cursor ?? told.message.message_id
        seen.push(told.type === 'message' ? told.message.n : 'position')
      }
      socket.onclose = follow
    }
    follow()`,
}

test('a browser', { skip: !existsSync(chromiumPath) && `no ${chromiumPath} here`, timeout: 60_000 }, async (t) => {
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] })
  t.teardown(() => browser.close())
  for (const [name, script] of Object.entries(pageScripts)) {
    await t.test(`its ${name} goes on after a cut`, async (t) => {
      const { stage, cable, url } = await stageBehindCable(t)
      const page = await browser.newPage()
      t.teardown(() => page.close())
      await page.goto(`${url}/`)
      await page.evaluate(`globalThis.seen = []; ${script}`)
      await sees(page, 1)
      await stage.publish('a', { n: 0 })
      await sees(page, 2)
      cable.cut()
      await stage.publish('a', { n: 1 })
      t.same(await sees(page, 4), ['position', 0, 'position', 1])
    })
  }
})

test('the example', { skip: !existsSync(chromiumPath) && `no ${chromiumPath} here`, timeout: 60_000 }, async (t) => {
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] })
  t.teardown(() => browser.close())
  const [one, two] = (await crew(t, 2)) as [Node, Node]
  const cable = await Cable.open(t)
  cable.lay(Number(new URL(one.url).port))
  const near = await browser.newPage()
  const far = await browser.newPage()
  const errors: unknown[] = []
  for (const page of [near, far]) page.on('pageerror', (error) => errors.push(error))
  await near.goto(`http://${host}:${cable.port}/example?channel=caf%C3%A9`)
  await far.goto(`${two.url}/example?channel=caf%C3%A9`)
  const say = async (page: Page, text: string): Promise<void> => {
    await page.fill('#text', text)
    await page.press('#text', 'Enter')
  }
  await near.fill('#name', 'Ann')
  await say(near, '<b>hello</b>')
  await far.getByText('<b>hello</b>').waitFor()
  cable.cut()
  await say(far, 'hello yourself')
  await near.getByText('hello yourself').waitFor()
  t.same(await near.locator('#messages li').allTextContents(), ['Ann<b>hello</b>', 'somebodyhello yourself'])
  t.same(await far.locator('#messages li').allTextContents(), ['Ann<b>hello</b>', 'somebodyhello yourself'])
  t.same(errors, [])
})

const sees = (page: Page, count: number): Promise<unknown> =>
  until(`the page sees ${count}`, async () => {
    const seen = await page.evaluate<unknown[]>('seen')
    return seen.length >= count ? seen : undefined
  })
