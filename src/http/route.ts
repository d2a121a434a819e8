import { checkDatabase, refuse } from './fields.js'
import type { Kind } from './guard.js'
import type { HttpOptions } from './limits.js'
import { readNotify } from './notify.js'
import type { Operation } from './operation.js'
import { readBus, readPoll } from './poll.js'
import { readPublish } from './publish.js'
import { within } from './within.js'

export type View = 'page' | 'example' | 'livez' | 'readyz' | 'cluster' | 'channels' | 'metrics' | 'openapi' | 'asyncapi'

/** Something of the node to look at. */
export interface ViewRoute {
  readonly methods: readonly string[]
  readonly allow: string
  readonly view: View
  /** Behind the question mark. */
  readonly query: string
}

/** Something to ask of the bus. */
export interface BusRoute {
  readonly methods: readonly string[]
  readonly allow: string
  readonly kind: Kind
  readonly operation: Operation
  readonly database: string
  readonly bodyBytes: number
}

/** To have something that stands for a token. */
export interface TicketRoute {
  readonly methods: readonly string[]
  readonly allow: string
  readonly kind: 'ticket'
  readonly database: string
}

export type Route = ViewRoute | BusRoute | StreamRoute | TicketRoute

/** Something that goes on for as long as the connection. */
export interface StreamRoute {
  readonly methods: readonly string[]
  readonly allow: string
  readonly kind: Kind
  readonly database: string
  /** Behind the question mark. */
  readonly query: string
}

const viewing = { methods: ['GET', 'HEAD'], allow: 'GET, HEAD, OPTIONS' }
const upgrading = { methods: ['GET'], allow: 'GET, OPTIONS' }
const asking = { methods: ['POST'], allow: 'POST, OPTIONS' }

const views: ReadonlyMap<string, View> = new Map([
  ['/', 'page'],
  ['/example', 'example'],
  ['/livez', 'livez'],
  ['/readyz', 'readyz'],
  ['/cluster', 'cluster'],
  ['/channels', 'channels'],
  ['/metrics', 'metrics'],
  ['/openapi.json', 'openapi'],
  ['/asyncapi.json', 'asyncapi'],
])

const actions: ReadonlyMap<string | undefined, { readonly kind: Kind; readonly operation: Operation }> = new Map([
  [undefined, { kind: 'bus', operation: within(readBus) }],
  ['poll', { kind: 'poll', operation: within(readPoll) }],
  ['publish', { kind: 'publish', operation: within(readPublish) }],
  ['notify', { kind: 'notify', operation: within(readNotify) }],
])

const streams: ReadonlyMap<string | undefined, Omit<StreamRoute, 'database' | 'query'>> = new Map([
  ['events', { ...viewing, kind: 'events' }],
  ['socket', { ...upgrading, kind: 'socket' }],
])

const busPath = (name: string | undefined): string => `/{database}/bus${name === undefined ? '' : `/${name}`}`

/** All that there is. */
export const routes: readonly { readonly path: string; readonly methods: readonly string[] }[] = [
  ...[...views.keys()].map((path) => ({ path, methods: viewing.methods })),
  ...[...actions.keys()].map((name) => ({ path: busPath(name), methods: asking.methods })),
  { path: busPath('ticket'), methods: asking.methods },
  ...[...streams].map(([name, { methods }]) => ({ path: busPath(name), methods })),
]

/** The path of `/path?query`, or of `http://host/path?query`, which every server must take. */
const pathOf = (target: string): string => {
  const path = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, '')
  const end = path.indexOf('?')
  return (end < 0 ? path : path.slice(0, end)) || '/'
}

const queryOf = (target: string): string => {
  const start = target.indexOf('?')
  return start < 0 ? '' : target.slice(start + 1)
}

/** Bytes beyond ASCII must come percent-encoded: without that nobody knows what encoding they are in. */
export const decoded = (segment: string): string => {
  if (/[^!-~]/.test(segment)) return refuse('the target is not percent-encoded UTF-8')
  try {
    return segment.includes('%') ? decodeURIComponent(segment) : segment
  } catch {
    return refuse('the target is not percent-encoded UTF-8')
  }
}

/** Undefined if there is nothing at this path. */
export const routeOf = (target: string, options: HttpOptions): Route | undefined => {
  const path = pathOf(target)
  const view = views.get(path)
  if (view) return { ...viewing, view, query: queryOf(target) }
  const [root, database = '', bus, name, ...more] = path.split('/')
  if (root !== '' || bus !== 'bus' || more.length > 0) return undefined
  const stream = streams.get(name)
  if (stream) return { ...stream, database: checkDatabase(decoded(database), options), query: queryOf(target) }
  if (name === 'ticket') return { ...asking, kind: name, database: checkDatabase(decoded(database), options) }
  const action = actions.get(name)
  if (!action) return undefined
  return {
    ...asking,
    ...action,
    database: checkDatabase(decoded(database), options),
    bodyBytes: action.kind === 'publish' ? options.batchBytes : options.bodyBytes,
  }
}
