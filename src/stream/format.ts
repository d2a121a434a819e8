import type { Answer } from '../effect.js'
import type { Body } from '../http/rope.js'

/** How a stream is written. What it makes of an answer is the same for all readers, so it is made once. */
export interface Format {
  /** A gap, if there is one, and the messages; `at`: where the reader was before. */
  answer(answer: Answer, at: string): Body
  /** Nothing has come, but the reader is at `cursor` by now; `moved`: it has not been told that yet. */
  beat(cursor: string, moved: boolean): Body
}
