import type { PeerOptions } from './limits.js'

/**
 * What both ends set. No compression: peers' links are fast, and a small frame could be made to grow a thousandfold.
 * `closeTimeout` is what the types of ws don't know yet.
 */
export const socketOptions = (options: PeerOptions) => ({
  perMessageDeflate: false,
  maxPayload: options.frameBytes,
  maxFragments: options.fragmentsMax,
  closeTimeout: options.closeMs,
})
