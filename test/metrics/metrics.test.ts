import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { parse } from 'yaml'
import type { Answer, Status } from '../../src/effect.js'
import { Histogram } from '../../src/log/histogram.js'
import { families, type Snapshot } from '../../src/metrics/families.js'
import { Metrics } from '../../src/metrics/metrics.js'
import { Stage } from '../http/stage.js'

const spreadOf = (...ms: readonly number[]) => {
  const histogram = new Histogram()
  for (const each of ms) histogram.add(each)
  return histogram.spread()
}

const member = (name: string, state: Status['members'][number]['state'], lag: number): Status['members'][number] => ({
  id: name as Status['id'],
  name,
  address: `${name}:1`,
  url: `http://${name}`,
  self: name === 'a',
  state,
  ready: true,
  inView: state === 'alive',
  lag,
  waiters: 0,
  heardMs: 0,
  unheard: [],
})

const snapshot: Snapshot = {
  version: '1.2.3',
  status: {
    id: 'a' as Status['id'],
    name: 'a',
    ready: true,
    state: 'ready',
    view: { id: '1', members: ['a', 'b'] },
    members: [member('a', 'alive', 0), member('b', 'alive', 7), member('c', 'down', 0)],
    counters: {
      published: 5,
      shown: 9,
      delivered: 100,
      delivered_to_streams: 60,
      gaps: 3,
      gaps_unknown_origin: 1,
      views: 2,
      duplicates: 4,
    },
    gauges: { waiters: 11, retained_messages: 8, retained_bytes: 800 },
    log: { kind: 'mesh' },
    times: { publish: spreadOf(0.2, 3, 20_000), delivery: spreadOf(1) },
    feeds: [
      {
        database: 'site',
        state: 'listening',
        heard: 0,
        refused: 0,
        published: 0,
        duplicates: 0,
        dropped: 0,
        waiting: 0,
        losses: 0,
      },
    ],
  },
  traffic: {
    requests: 42,
    refusals: new Map([['bad_json', 2]]),
    cuts: new Map([['slow_reader', 6]]),
    limits: new Map([['publish_rate', 9]]),
    connections: 12,
    streams: { sse: 3, ws: 4 },
    delivered: { sse: 10, ws: 50 },
  },
}

const numberAt = (text: string, name: string): number | undefined => {
  const line = text.split('\n').find((each) => each.startsWith(`${name} `))
  return line === undefined ? undefined : Number(line.slice(name.length + 1))
}

test('what is counted is told, under names that do not change', async (t) => {
  const text = await new Metrics(() => snapshot).text()
  const expected: readonly (readonly [name: string, value: number])[] = [
    ['carillon_messages_published_total', 5],
    ['carillon_messages_delivered_total{transport="poll"}', 40],
    ['carillon_messages_delivered_total{transport="sse"}', 10],
    ['carillon_messages_delivered_total{transport="ws"}', 50],
    ['carillon_subscribers{transport="poll"}', 11],
    ['carillon_subscribers{transport="sse"}', 3],
    ['carillon_subscribers{transport="ws"}', 4],
    ['carillon_poll_waiters', 11],
    ['carillon_publish_duration_seconds_bucket{le="0.0005"}', 1],
    ['carillon_publish_duration_seconds_bucket{le="0.005"}', 2],
    ['carillon_publish_duration_seconds_bucket{le="10"}', 2],
    ['carillon_publish_duration_seconds_bucket{le="+Inf"}', 3],
    ['carillon_publish_duration_seconds_sum', 20.0032],
    ['carillon_publish_duration_seconds_count', 3],
    ['carillon_delivery_lag_seconds_count', 1],
    ['carillon_log_messages', 8],
    ['carillon_log_bytes', 800],
    ['carillon_gaps_total{reason="evicted"}', 2],
    ['carillon_gaps_total{reason="unknown_origin"}', 1],
    ['carillon_duplicates_dropped_total', 4],
    ['carillon_slow_consumer_disconnects_total', 6],
    ['carillon_replication_lag_messages{peer="b"}', 7],
    ['carillon_cluster_members{state="alive"}', 2],
    ['carillon_cluster_members{state="down"}', 1],
    ['carillon_has_quorum', 1],
    ['carillon_epoch_changes_total', 2],
    ['carillon_http_refused_total{code="bad_json"}', 2],
    ['carillon_limits_reached_total{limit="publish_rate"}', 9],
    ['carillon_tryton_listening{database="site"}', 1],
    [`carillon_build_info{version="1.2.3",node_version="${process.version}"}`, 1],
  ]
  for (const [name, value] of expected) t.equal(numberAt(text, name), value, name)
  t.match(text, /^process_resident_memory_bytes \d+/m, 'and the process itself')
})

test('what is asked again is counted anew, and who is gone is told no more', async (t) => {
  let seen = snapshot
  const metrics = new Metrics(() => seen)
  await metrics.text()
  t.equal(numberAt(await metrics.text(), 'carillon_messages_published_total'), 5)
  seen = { ...snapshot, status: { ...snapshot.status, members: snapshot.status.members.slice(0, 1) } }
  const text = await metrics.text()
  t.equal(numberAt(text, 'carillon_replication_lag_messages{peer="b"}'), undefined)
  t.equal(numberAt(text, 'carillon_cluster_members{state="alive"}'), 1)
})

const allowed = new Set([
  'transport',
  'reason',
  'state',
  'peer',
  'code',
  'limit',
  'database',
  'version',
  'node_version',
])

test('nothing is labelled by what a client can choose', (t) => {
  for (const family of families) {
    t.match(family.name, /^carillon_[a-z_]+$/)
    t.equal(/_total$/.test(family.name), family.type === 'counter', family.name)
    if (family.type !== 'histogram') for (const label of family.labels ?? []) t.ok(allowed.has(label), label)
  }
  t.end()
})

const file = (name: string): string => readFileSync(new URL(`../../src/metrics/${name}`, import.meta.url), 'utf8')

const namesIn = (text: string): readonly string[] => [...new Set(text.match(/\bcarillon_[a-z_]+/g))]

test('the dashboard and the alerts ask for nothing that is not there', (t) => {
  const known = new Set(
    families.flatMap(({ name, type }) => (type === 'histogram' ? [`${name}_bucket`, `${name}_count`] : [name])),
  )
  for (const name of ['grafana.json', 'alerts.yml']) {
    const names = namesIn(file(name))
    t.ok(names.length > 8, `${name} asks for ${names.length}`)
    for (const each of names) t.ok(known.has(each), `${name}: ${each}`)
  }
  t.end()
})

test('they are well-formed', (t) => {
  const { panels } = JSON.parse(file('grafana.json'))
  t.equal(new Set(panels.map(({ id }: { id: number }) => id)).size, panels.length)
  for (const { title, targets } of panels) t.ok(targets.length > 0 && targets[0].expr !== '', title)
  const { groups } = parse(file('alerts.yml'))
  for (const { alert, expr, labels, annotations } of groups[0].rules) {
    t.match({ alert, expr, labels, annotations }, { alert: /^Carillon/, expr: String, labels: { severity: String } })
    t.match(annotations, { summary: String, description: String }, alert)
  }
  t.end()
})

test('GET /metrics', async (t) => {
  const stage = await Stage.set(t)
  await stage.post('/main/bus/poll', '{')
  const answer: Answer = { messages: [], cursor: 'c' }
  stage.bus.answer(answer)
  const reply = await stage.ask('GET', '/metrics')
  t.equal(reply.status, 200)
  t.match(reply.headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  t.equal(numberAt(reply.body, 'carillon_http_refused_total{code="bad_json"}'), 1)
  t.equal(numberAt(reply.body, 'carillon_messages_published_total'), 7)
  t.equal((await stage.ask('POST', '/metrics')).status, 405)
})
