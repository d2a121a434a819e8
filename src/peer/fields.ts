import { type NodeId, parseNodeId } from '../log/node-id.js'
import { badFrame, type Refusal } from './refusal.js'

/** One type of value on the wire: how it is packed, and how a stranger's is checked. `parse` throws `Refusal`. */
export interface Field<T> {
  pack(value: T): unknown
  parse(raw: unknown): T
}

const wrong = (what: string): Refusal => badFrame(`not ${what}`)

const asIs = <T>(what: string, holds: (raw: unknown) => raw is T): Field<T> => ({
  pack: (value) => value,
  parse: (raw) => {
    if (!holds(raw)) throw wrong(what)
    return raw
  },
})

export const flag = asIs('a flag', (raw) => typeof raw === 'boolean')

/** Sequence numbers, times, ballots: whole, not negative, exact as a double. */
export const count = asIs('a count', (raw): raw is number => Number.isSafeInteger(raw) && Number(raw) >= 0)

/** A duration: fractions of a millisecond are not worth eight bytes. */
export const wholeMs: Field<number> = { pack: (value) => Math.max(0, Math.round(value)), parse: count.parse }

export const nodeId: Field<NodeId> = {
  pack: (value) => value,
  parse: (raw) => {
    const id = parseNodeId(raw)
    if (id === undefined) throw wrong('a node id')
    return id
  },
}

export const text = (maxBytes: number, minBytes = 0): Field<string> =>
  asIs('such a text', (raw): raw is string => {
    if (typeof raw !== 'string' || raw.length > maxBytes) return false
    const bytes = Buffer.byteLength(raw)
    return bytes >= minBytes && bytes <= maxBytes
  })

export const bytes = (min: number, max: number): Field<Uint8Array> =>
  asIs('so many bytes', (raw): raw is Uint8Array => raw instanceof Uint8Array && raw.length >= min && raw.length <= max)

export const array = (raw: unknown, min: number, max: number): readonly unknown[] => {
  if (!Array.isArray(raw) || raw.length < min || raw.length > max) throw wrong('such a list')
  return raw
}

export const list = <T>(item: Field<T>, max: number): Field<readonly T[]> => ({
  pack: (values) => values.map((value) => item.pack(value)),
  parse: (raw) => array(raw, 0, max).map((each) => item.parse(each)),
})

export const pair = <A, B>(a: Field<A>, b: Field<B>): Field<readonly [A, B]> => ({
  pack: ([first, second]) => [a.pack(first), b.pack(second)],
  parse: (raw) => {
    const [first, second] = array(raw, 2, 2)
    return [a.parse(first), b.parse(second)]
  },
})

export type Fields<T> = { readonly [Name in keyof T]: Field<T[Name]> }

/** An object as the list of its fields in the order of the table, all of them and no others. */
export const struct = <T extends object>(fields: Fields<T>): Field<T> => {
  const names = Object.keys(fields) as (keyof T)[]
  return {
    pack: (value) => names.map((name) => fields[name].pack(value[name])),
    parse: (raw) => {
      const values = array(raw, names.length, names.length)
      const parsed: Partial<T> = {}
      names.forEach((name, i) => {
        parsed[name] = fields[name].parse(values[i])
      })
      return parsed as T
    },
  }
}

/** `field`, and what else must hold of it. */
export const where = <T>(field: Field<T>, what: string, holds: (value: T) => boolean): Field<T> => ({
  pack: (value) => field.pack(value),
  parse: (raw) => {
    const value = field.parse(raw)
    if (!holds(value)) throw wrong(what)
    return value
  },
})

export const ascends = (ids: readonly NodeId[]): boolean => ids.every((id, i) => i === 0 || String(ids[i - 1]) < id)
