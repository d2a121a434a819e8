import type { SurveyWish } from '../effect.js'
import { refuse } from './fields.js'
import type { HttpOptions } from './limits.js'

const countOf = (text: string | null, max: number): number => {
  const count = Number(text ?? max)
  if (Number.isSafeInteger(count) && count >= 1) return Math.min(count, max)
  return refuse('top must be a whole number, 1 or more')
}

/** What `/channels?top=20&by=rate&match=orders` asks for. Throws EngineError. */
export const wishOf = (query: string, { channelsListed, channelBytes }: HttpOptions): SurveyWish => {
  const asked = new URLSearchParams(query)
  const by = asked.get('by') ?? 'depth'
  if (by !== 'depth' && by !== 'rate') return refuse('by must be depth or rate')
  const match = asked.get('match') ?? ''
  if (Buffer.byteLength(match) > channelBytes) return refuse(`match is longer than ${channelBytes} bytes`)
  return { count: countOf(asked.get('top'), channelsListed), by, match }
}
