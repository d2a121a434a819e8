import { test } from 'tap'
import { createNode } from '../../src/index.js'
import { Stage } from '../http/stage.js'
import { codeOf, told } from '../http/wire.js'
import { freePort } from '../support/free-port.js'
import { bearer, door, mint } from './door.js'

const proxied = 'X-Forwarded-For: 10.0.0.1'
const views = ['/', '/metrics', '/cluster'] as const

test('the state of the node is for who is on its machine, and for admins', async (t) => {
  const { stage } = await door(t, { tokens: ['an-operators-token'] })
  const [user, admin] = [await mint({ subscribe: ['a'] }), await mint({ admin: true })]
  for (const view of views) {
    t.equal((await stage.ask('GET', view)).status, 200, `${view} from here`)
    t.equal((await stage.ask('GET', view, undefined, [proxied])).status, 401, `${view} through a proxy`)
    t.equal((await stage.ask('GET', view, undefined, [proxied, bearer(admin)])).status, 200, view)
    t.equal((await stage.ask('GET', view, undefined, [proxied, bearer('an-operators-token')])).status, 200, view)
  }
  for (const view of ['/', '/metrics']) {
    const refused = await stage.ask('GET', view, undefined, [proxied, bearer(user)])
    t.match([refused.status, codeOf(refused)], [403, 'forbidden'], view)
  }
  const some = told(await stage.ask('GET', '/cluster', undefined, [proxied, bearer(user)]))
  t.same(Object.keys(some), ['ready', 'members'], 'where the nodes are, and no more')
  for (const view of ['/livez', '/readyz']) {
    t.equal((await stage.ask('GET', view, undefined, [proxied])).status, 200, `${view} is for everyone`)
  }
  const forged = await stage.post('/main/bus/poll', '{"channels":["a"],"timeout":0}', [bearer(admin)])
  t.equal(forged.status, 403, 'to look after nodes is not to read')
})

test('where nobody asks for tokens, others see where the nodes are', async (t) => {
  const stage = await Stage.set(t)
  t.equal((await stage.ask('GET', '/', undefined, [proxied])).status, 403)
  t.same(Object.keys(told(await stage.ask('GET', '/cluster', undefined, [proxied]))), ['ready', 'members'])
  t.equal(codeOf(await stage.post('/main/bus/ticket', '')), 'not_found')
})

test('a site that lets its name point to this machine learns nothing of it', async (t) => {
  const stage = await Stage.set(t)
  const url = 'http://node.example:7400'
  const node = { id: 'n' as never, name: 'n', address: '', url, self: true, state: 'alive', ready: true } as const
  stage.bus.members = [{ ...node, inView: true, lag: 0, waiters: 0, heardMs: 0, unheard: [] }]
  const sees = async (host: string): Promise<number> => {
    const wire = await stage.open()
    const { status } = await wire.write(`GET /metrics HTTP/1.1\r\nHost: ${host}\r\n\r\n`).reply()
    wire.close()
    return status
  }
  const homely = ['127.0.0.1:7400', '127.0.0.1', '[::1]:7400', 'localhost:7400', 'node', 'a.localhost:1']
  for (const host of [...homely, 'node.example:7400']) t.equal(await sees(host), 200, host)
  const others = [
    'evil.example:7400',
    'evil.example',
    'evil.:7400',
    'localhost.evil.example',
    '127.0.0.1.evil.example:7400',
  ]
  for (const host of [...others, 'node.example', '[::1].evil.example']) t.equal(await sees(host), 403, host)
})

test('--admin-listen shows it to everyone who gets there, and nothing else', async (t) => {
  const port = await freePort()
  const quiet = { listen: '127.0.0.1:0', peerListen: '127.0.0.1:0', logLevel: 'silent', drainTimeout: 0.2 } as const
  const node = await createNode({ ...quiet, adminListen: `127.0.0.1:${port}` })
  t.teardown(() => node.close())
  const ask = (path: string, method = 'GET'): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { 'X-Forwarded-For': '10.0.0.1' } })
  for (const view of [...views, '/livez', '/readyz']) t.equal((await ask(view)).status, 200, view)
  t.equal((await ask('/main/bus/poll', 'POST')).status, 404)
  t.equal((await ask('/cluster', 'POST')).status, 405)
  await node.close()
  await t.rejects(ask('/livez'))
})
