/**
 * A place in the order of a stream: the number of a message of the stream and of one of its drafts. The last draft of a
 * message has the last place that there is for it, however many they are: so whoever is there has had all of the message,
 * and the end of a message comes right before the beginning of the next.
 */
const placesEach = 1024

export const draftsMax = 1000

/** Of draft number `index` of `count`. */
export const placeOf = (seq: number, index: number, count: number): number =>
  index === count - 1 ? endOf(seq) : seq * placesEach + index

export const endOf = (seq: number): number => (seq + 1) * placesEach - 1

/** The message that has this place. */
export const seqOf = (place: number): number => Math.floor(place / placesEach)

/** The first message of which who is at this place has not had all. */
export const nextSeq = (place: number): number => seqOf(place + 1)
