import { anyone } from '../src/http/guard.js'
import { Scan } from '../src/http/json.js'
import { httpDefaults as options } from '../src/http/limits.js'
import { textMost } from '../src/http/line.js'
import type { Operation } from '../src/http/operation.js'
import { readBus, readPoll } from '../src/http/poll.js'
import { readPublish } from '../src/http/publish.js'
import { Shapes } from '../src/http/shape.js'
import { shared } from '../src/http/unfit.js'
import { type Case, type Part, repeated } from './part.js'
import { payload } from './payload.js'

const cursor = '1.R7kT4V--.R7kT4V--A1b2c33abc.R7kT4V--D1e2f33abc.R7kT4V--G1h2i33abc.s0me'

const reading = (what: string, operation: Operation, body: string): Case => ({
  name: what,
  prepare: () => {
    // As it comes: where connections read into, and if it is short there is a string of it.
    const end = shared.write(body)
    const text = end > textMost ? '' : body
    return repeated(() =>
      operation({
        scan: new Scan(shared, options.jsonDepth, 0, end, text),
        database: 'main',
        headers: {},
        options,
        visitor: anyone,
      }),
    )
  },
})

const one = (bytes: number): string => `{"channel":"news","message":{${payload(bytes)}}`
const many = (count: number, bytes: number): string =>
  `{"messages":[${Array.from({ length: count }, () => one(bytes)).join(',')}]}`

/** Bodies, from bytes to what the core is asked. */
export const json: Part = {
  name: 'json',
  cases: [
    reading('publish, 200 B', readPublish, one(200)),
    reading('publish, 16 KiB', readPublish, one(16_384)),
    reading('publish, 100 of 200 B', readPublish, many(100, 200)),
    reading('poll', readPoll, `{"channels":["news"],"cursor":"${cursor}","timeout":20,"limit":1000}`),
    reading("Tryton's poll", readBus, `{"channels":["client:1","user:1"],"last_message":"${cursor}"}`),
  ],
}

const head = (more = ''): string =>
  `${[
    'POST /main/bus/publish HTTP/1.1',
    'Host: 127.0.0.1:7400',
    'Content-Type: application/json',
    'Content-Length: 238',
    'User-Agent: python-requests/2.32',
    'Accept: */*',
  ].join('\r\n')}${more}\r\n\r\n`

/** Or another thing would be measured than is said. */
const recognised = (shapes: Shapes, text: string, isOne = true): Shapes => {
  if ((shapes.of(text) !== undefined) !== isOne) throw new Error('this head is not read as it was')
  return shapes
}

/** Heads of requests. */
export const shape: Part = {
  name: 'shape',
  cases: [
    {
      name: 'a head seen before',
      prepare: () => {
        const shapes = recognised(new Shapes(options), head())
        const bytes = Buffer.from(head())
        // Made of bytes each time, as it is when it comes: its hash is not known yet.
        return repeated(() => shapes.of(bytes.toString('latin1')))
      },
    },
    {
      name: 'a head with a key of its own',
      prepare: () => {
        const shapes = recognised(new Shapes(options), head('\r\nIdempotency-Key: order'))
        return repeated((i) => shapes.of(head(`\r\nIdempotency-Key: order-${i}`)))
      },
    },
    {
      name: 'a head for node:http',
      prepare: () => {
        const shapes = recognised(new Shapes(options), head('\r\nTransfer-Encoding: chunked'), false)
        return repeated((i) => shapes.of(head(`\r\nTransfer-Encoding: chunked, ${i}`)))
      },
    },
  ],
}
