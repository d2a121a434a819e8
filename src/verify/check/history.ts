/**
 * What was done to a cluster and what it did, one JSON object a line: all that the checker knows. `at` is in
 * milliseconds from the start; messages, publishers, subscribers and nodes go by their names.
 */
export type Line =
  | Start
  | Publish
  | Told
  | Subscribe
  | Read
  | Position
  | Deliver
  | Gap
  | Failed
  | Fault
  | View
  | Done
  | End

interface Timed {
  readonly at: number
}

export interface Start extends Timed {
  readonly type: 'start'
  readonly format: 1
  /** By the calendar. */
  readonly date: string
  readonly seed: string
  /** The nodes are nobody else's, and keep all that is published: nothing may be missing. */
  readonly own: boolean
  readonly nodes: readonly string[]
  readonly channels: readonly string[]
}

/** One try to publish a message. All tries of a message have its key and its bytes. */
export interface Publish extends Timed {
  readonly type: 'publish'
  readonly message: string
  readonly try: number
  readonly publisher: string
  readonly node: string
  readonly by: 'http' | 'ws'
  readonly channel: string
  readonly key: string
  /** A digest of the bytes. */
  readonly sum: string
  readonly minCopies?: number
}

/** What came of a try. `refused`: for certain, it has changed nothing. */
export interface Told extends Timed {
  readonly type: 'told'
  readonly message: string
  readonly try: number
  readonly outcome: 'acknowledged' | 'refused' | 'unknown'
  readonly id?: string
  readonly copies?: number
  readonly duplicate?: true
  readonly why?: string
}

export interface Subscribe extends Timed {
  readonly type: 'subscribe'
  readonly subscriber: string
  readonly channels: readonly string[]
  readonly from: 'now' | 'earliest'
}

interface At extends Timed {
  readonly subscriber: string
  readonly node: string
  readonly transport: string
}

/** It goes on here, from the last cursor that it has. */
export interface Read extends At {
  readonly type: 'read'
  readonly cursor: string
}

/** The cursor has moved without a message. */
export interface Position extends At {
  readonly type: 'position'
  readonly cursor: string
}

/** A message, whose id is the cursor from here on. */
export interface Deliver extends At {
  readonly type: 'deliver'
  readonly message: string
  readonly id: string
  readonly channel: string
  readonly late?: true
  readonly sum: string
  /** Only where it is not what was published. */
  readonly text?: string
}

export interface Gap extends At {
  readonly type: 'gap'
  readonly reason: string
  readonly oldest?: string
}

/** A request or stream ended other than by the will of its reader. */
export interface Failed extends At {
  readonly type: 'failed'
  readonly why: string
}

export type FaultName = 'kill' | 'pause' | 'cut' | 'crash'

export interface Fault extends Timed {
  readonly type: 'fault'
  readonly fault: FaultName
  readonly phase: 'begin' | 'end'
  readonly node: string
  /** What else there is to say; of a cut its kind and between whom. */
  readonly how?: string
  /** It only makes things slow: no node should be taken for dead. */
  readonly mild?: true
}

/** A node says something new of its view; until `since` it still said what it had said before. */
export interface View extends Timed {
  readonly type: 'view'
  readonly node: string
  readonly since: number
  /** Empty if it does not answer. */
  readonly view: string
  readonly members: readonly string[]
  readonly ready: boolean
}

/** A subscriber is at the end: it has had the last message of each of its channels; or else it never got there. */
export interface Done extends Timed {
  readonly type: 'done'
  readonly subscriber: string
  readonly complete: boolean
}

export interface End extends Timed {
  readonly type: 'end'
  /** Not so if it was broken off: then nothing can be said of what had not come yet. */
  readonly complete: boolean
  /** What the nodes did not get done in time. */
  readonly stuck?: string
}

const types: ReadonlySet<string> = new Set<Line['type']>([
  ...(['start', 'publish', 'told', 'subscribe', 'read', 'position', 'deliver'] as const),
  ...(['gap', 'failed', 'fault', 'view', 'done', 'end'] as const),
])

const isLine = (value: unknown): value is Line =>
  typeof value === 'object' &&
  value !== null &&
  'type' in value &&
  'at' in value &&
  typeof value.at === 'number' &&
  types.has(String(value.type))

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Throws a `SyntaxError` that names the line. A last line that was not written whole is left out. */
export const readHistory = (text: string): readonly Line[] => {
  const texts = text.split('\n')
  const lines: Line[] = []
  texts.forEach((each, i) => {
    if (each.trim() === '') return
    const line = parse(each)
    if (isLine(line)) lines.push(line)
    else if (i < texts.length - 1) throw new SyntaxError(`line ${i + 1} is none of a history`)
  })
  const [first] = lines
  if (first?.type !== 'start' || first.format !== 1) throw new SyntaxError('it does not begin as a history does')
  return lines
}
