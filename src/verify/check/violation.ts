export const kinds = [
  'lost',
  'unsignalled gap',
  'doubled',
  'out of order',
  'phantom',
  'altered',
  'another id',
  'wrong outcome',
  'node failed',
  'stuck',
] as const

/** What can be wrong; in words that the table shows. */
export type Kind = (typeof kinds)[number]

/** A promise that was not kept. */
export interface Violation {
  readonly kind: Kind
  /** When it showed. */
  readonly at: number
  readonly what: string
  /** What is known of the messages in it. */
  readonly messages: readonly string[]
  readonly subscriber?: string
}

/** What one rule has to say. */
export interface Finding {
  readonly violations: readonly Violation[]
  /** What the promise does not cover, by its name. */
  readonly excused?: { readonly [name: string]: number }
  /** How many things it has looked at. */
  readonly checked: number
}
