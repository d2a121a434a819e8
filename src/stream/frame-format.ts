import type { Answer } from '../effect.js'
import { bodyOf, endText, headText } from '../http/answer.js'
import { Memo } from '../http/memo.js'
import { type Body, framed, Strand } from '../http/rope.js'
import type { Format } from './format.js'

const shortMax = 125
const mediumMax = 0xffff

/** What stands before a text of so many bytes in one whole frame of a server, which has no mask (RFC 6455, 5.2). */
const headOf = (bytes: number): string => {
  if (bytes <= shortMax) return String.fromCharCode(0x81, bytes)
  if (bytes <= mediumMax) return String.fromCharCode(0x81, 126, bytes >> 8, bytes & 0xff)
  const head = Buffer.alloc(10)
  head.set([0x81, 127])
  head.writeBigUInt64BE(BigInt(bytes), 2)
  return head.toString('latin1')
}

/** One text frame, of a text that is a character a byte. Nothing in it depends on who gets it. */
export const frameOf = (text: string): string => headOf(text.length) + text

/** A frame of these members, which are told in this order. */
export const told = (members: object): string => frameOf(bodyOf(JSON.stringify(members)))

const framesOf = ({ messages }: Answer): Body => {
  const strand = new Strand()
  for (const shown of messages) {
    const { tail } = shown
    const before = `{"type":"message",${headText(shown)}`
    const after = endText(shown)
    strand.add(headOf(before.length + tail.length + after.length) + before)
    strand.add(tail)
    strand.add(after)
  }
  return strand.end()
}

/** WebSocket frames. */
export class Frames implements Format {
  readonly #messages = new Memo(framesOf)

  answer(answer: Answer, at: string): Body {
    const { gap, messages, cursor } = answer
    const frames = this.#messages.of(answer)
    if (!gap) return frames
    // While messages follow it says where the reader was: who is cut off between the two is told again.
    return framed(told({ type: 'gap', ...gap, cursor: messages.length > 0 ? at : cursor }), frames)
  }

  beat(cursor: string): Body {
    return told({ type: 'heartbeat', cursor })
  }
}
