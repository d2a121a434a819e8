import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Answered, Asked } from '../../support/fake-server.js'
import { keyIn } from '../fake-trytond.js'
import { database, password } from './site.js'

const folder = fileURLToPath(new URL('sao8/node_modules/', import.meta.url))

export const whyNo8 = (): string | false =>
  !existsSync(`${folder}tryton-sao/dist/tryton-sao.js`) && 'not installed: tryton-sao 8'

const types: { readonly [ending: string]: string } = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
}

/** The page as the package has it, and the libraries that it names as npm has laid them out. */
const file = (path: string): Answered => {
  const name = path === '/' ? 'index.html' : path.slice(1)
  const full = name.startsWith('node_modules/') ? name.replace('node_modules/', folder) : `${folder}tryton-sao/${name}`
  if (name.includes('..') || !existsSync(full)) return { status: 404, body: '' }
  return { headers: { 'Content-Type': types[extname(name)] ?? 'application/octet-stream' }, body: readFileSync(full) }
}

const menu = {
  view_id: 1,
  type: 'tree',
  arch: '<tree><field name="name" expand="1"/><field name="favorite" tree_invisible="1"/></tree>',
  fields: {
    name: { type: 'char', name: 'name', string: 'Menu' },
    favorite: { type: 'boolean', name: 'favorite', string: 'Favorite' },
  },
  field_childs: null,
}

const preferences = {
  status_bar: 'Administrator',
  pyson_menu: JSON.stringify({ res_model: 'ir.ui.menu', views: [], pyson_domain: '[]' }),
}

/** As much as the page asks for from its start until it waits at the bus. */
const results: { readonly [method: string]: unknown } = {
  'common.server.version': '8.0.0',
  'common.db.list': [database],
  'common.authentication.services': [],
  'model.res.user.get_preferences': preferences,
  'model.res.user.device.renew': 'a device',
  'model.ir.model.list_models': ['ir.ui.menu'],
  'model.ir.model.list_history': [],
  'model.ir.model.get_notification': {},
  'model.ir.model.access.get_access': { 'ir.ui.menu': { read: true, write: false, create: false, delete: false } },
  'model.ir.ui.view_search.get': {},
  'model.ir.ui.menu.fields_view_get': menu,
  'model.ir.ui.menu.search': [1],
  'model.ir.ui.menu.search_count': 1,
  'model.ir.ui.menu.read': [{ id: 1, name: 'Administration', rec_name: 'Administration', _timestamp: '1' }],
  'model.ir.ui.view_tree_state.get': [],
  'model.ir.ui.view_tree_width.get_width': {},
  'model.ir.ui.icon.list_icons': [],
  'model.res.notification.get_count': 0,
}

const json = (answer: object, headers = {}): Answered => ({
  headers: { 'Content-Type': 'application/json', ...headers },
  body: JSON.stringify(answer),
})

/** Asks for the password first, then gives the cookie; it names the bus by the address that it was itself reached at. */
const login = (asked: Asked, sessions: Set<string>): Answered => {
  const { id, params } = JSON.parse(asked.body)
  const [user, given] = params
  if (given.password !== password)
    return json({ id, error: ['LoginException', ['password', `Password for ${user}`, 'password']] })
  const session = `1:${randomBytes(32).toString('hex')}`
  sessions.add(session)
  const cookie = `tryton_session=${user}:${session}; Path=/${database}; Secure; HttpOnly; SameSite=Strict`
  return json({ id, result: [1, `http://${asked.headers.host}/`] }, { 'Set-Cookie': cookie })
}

/** The web client's server, before anything but the bus matters: the pages, a login, and calls that it answers the same for ever. */
export const pages8 = (asked: Asked, sessions: Set<string>): Answered | undefined => {
  if (asked.method === 'GET') return file(new URL(asked.path, 'http://any').pathname)
  if (asked.path === `/${database}/session/login`) return login(asked, sessions)
  const { id, method } = JSON.parse(asked.body)
  if (!Object.hasOwn(results, method)) return undefined
  const isOpen = asked.path === '/rpc/'
  return isOpen || sessions.has(keyIn(asked)) ? json({ id, result: results[method] }) : { status: 401, body: '' }
}
