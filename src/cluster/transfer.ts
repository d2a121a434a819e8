import type { CoreOptions } from '../limits.js'
import { sizeOf } from '../log/entry.js'
import type { Ledger } from '../log/ledger.js'
import type { Audience } from '../log/log.js'
import type { Origin } from '../log/origin.js'
import type { Copy } from '../log/record.js'
import type { Copies, Floor, Want } from './message.js'

/** Frames sent for one request; whoever wants more asks again, so nobody is sent more than it takes in. */
const framesMax = 8
/** Records and floors in one frame. */
const itemsMax = 2000

/**
 * Answers a request for records: in order, in frames of bounded size, evicted ones as holes with their floors. Outside
 * a view change only what is shown, so that what others copy ahead has its position.
 */
export const serve = (
  want: Want,
  parts: { ledger: Ledger; audience: Audience; options: CoreOptions; nowMs: number; frozen: boolean },
): Copies[] => {
  const { ledger, audience, options, nowMs, frozen } = parts
  const origins = want.wants.flatMap(({ origin, after, to }) => {
    const known = ledger.get(origin)
    const end = known ? Math.min(to, frozen ? known.have : known.shown) : 0
    return known && after < end ? [{ origin: known, after, to: end }] : []
  })
  const floors = audience.floorsOf(new Set(origins.map(({ origin }) => origin)))
  const frames: Copies[] = []
  for (const { origin, after, to } of origins) {
    let from = after
    while (from < to && frames.length < framesMax) {
      const frame = cut(origin, from, to, { floors: floors.get(origin) ?? [], bytes: options.frameBytes, nowMs })
      frames.push(frame)
      from = frame.to
    }
  }
  const last = frames.pop()
  return last ? [...frames, { ...last, last: true }] : []
}

const cut = (
  origin: Origin,
  after: number,
  end: number,
  limits: { floors: readonly Floor[]; bytes: number; nowMs: number },
): Copies => {
  const own = limits.floors.filter((floor) => floor.seq > after && floor.seq <= end)
  const records: Copy[] = []
  let to = own.length > itemsMax ? (own[itemsMax]?.seq ?? end) - 1 : end
  let bytes = 0
  for (let seq = after + 1; seq <= to; seq++) {
    const entry = origin.at(seq)
    if (entry === undefined) continue
    bytes += sizeOf(entry)
    if (records.length > 0 && (bytes > limits.bytes || records.length >= itemsMax)) {
      to = seq - 1
      break
    }
    records.push(entry.copy(limits.nowMs))
  }
  const floors = own.filter((floor) => floor.seq <= to)
  return {
    type: 'copies',
    origin: origin.id,
    after,
    to,
    time: origin.timeAt(to),
    records,
    floors,
    lost: origin.lost,
    last: false,
  }
}
