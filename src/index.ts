export type { FeedStatus, MemberStatus, Status } from './effect.js'
export { type Code, EngineError } from './errors.js'
export { createNode, type Node } from './node.js'
export { defaults, type Options } from './options.js'
