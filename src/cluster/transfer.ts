import type { CoreOptions } from '../limits.js'
import type { Ledger } from '../log/ledger.js'
import type { Audience } from '../log/log.js'
import type { Origin } from '../log/origin.js'
import type { Copy } from '../log/record.js'
import type { Copies, Floor, Want } from './message.js'
import type { HeldFloors } from './staging.js'

/** Frames sent for one request; whoever wants more asks again, so nobody is sent more than it takes in. */
const framesMax = 8
/** Records and floors in one frame. */
const itemsMax = 2000

interface Parts {
  readonly ledger: Ledger
  readonly audience: Audience
  readonly options: CoreOptions
  readonly nowMs: number
  readonly frozen: boolean
  readonly held: readonly HeldFloors[]
}

/**
 * Answers a request for records: in order, in frames of bounded size, evicted ones as holes with their floors. Outside
 * a view change only what is shown, so that what others copy ahead has its position.
 */
export const serve = (want: Want, parts: Parts): Copies[] => {
  const { ledger, options, nowMs, frozen } = parts
  const origins = want.wants.flatMap(({ origin, after, to }) => {
    const known = ledger.get(origin)
    const end = known ? Math.min(to, frozen ? known.have : known.shown) : 0
    return known && after < end ? [{ origin: known, after, to: end }] : []
  })
  const gone = goneOf(new Set(origins.map(({ origin }) => origin)), parts)
  const frames: Copies[] = []
  for (const { origin, after, to } of origins) {
    let from = after
    while (from < to && frames.length < framesMax) {
      const frame = cut(origin, from, to, { ...gone(origin), bytes: options.frameBytes, nowMs })
      frames.push(frame)
      from = frame.to
    }
  }
  const last = frames.pop()
  return last ? [...frames, { ...last, last: true }] : []
}

/** What is evicted of these origins, also what has not taken effect here, since no view has begun with it yet. */
const goneOf = (
  origins: ReadonlySet<Origin>,
  { audience, held }: Parts,
): ((origin: Origin) => { floors: readonly Floor[]; lost: number }) => {
  const applied = audience.floorsOf(origins)
  return (origin) => {
    const own = held.filter((each) => each.origin === origin)
    const floors = [...(applied.get(origin) ?? []), ...own.flatMap((each) => each.floors)]
    return { floors: floors.sort((a, b) => a.seq - b.seq), lost: Math.max(origin.lost, ...own.map(({ lost }) => lost)) }
  }
}

const cut = (
  origin: Origin,
  after: number,
  end: number,
  limits: { floors: readonly Floor[]; lost: number; bytes: number; nowMs: number },
): Copies => {
  const own = limits.floors.filter((floor) => floor.seq > after && floor.seq <= end)
  const records: Copy[] = []
  let to = own.length > itemsMax ? (own[itemsMax]?.seq ?? end) - 1 : end
  let bytes = 0
  for (let seq = after + 1; seq <= to; seq++) {
    const entry = origin.at(seq)
    if (entry === undefined) continue
    bytes += entry.size
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
    lost: limits.lost,
    last: false,
  }
}
