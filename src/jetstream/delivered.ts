/** What JetStream says of a message that it delivers, in the subject to which an acknowledgement would go. */
export interface Delivered {
  readonly seq: number
  /** Its number among those of the consumer. */
  readonly delivery: number
  readonly wall: number
  /** How many there are after it. */
  readonly pending: number
}

const nanos = 1_000_000
/** `$JS.ACK.<stream>.<consumer>.<times>.<seq>.<delivery>.<nanoseconds>.<pending>`; later servers have more in front, and a word behind. */
const shortest = 9
const longer = 12

export const deliveredOf = (reply: string | undefined): Delivered | undefined => {
  const words = reply?.split('.') ?? []
  if (words[0] !== '$JS' || words[1] !== 'ACK' || words.length < shortest) return undefined
  const end = words.length >= longer ? words.length - 1 : words.length
  const [seq = 0, delivery = 0, time = 0, pending = 0] = words.slice(end - 4, end).map(Number)
  const wall = Math.floor(time / nanos)
  return Number.isSafeInteger(seq) && Number.isSafeInteger(delivery) ? { seq, delivery, wall, pending } : undefined
}
