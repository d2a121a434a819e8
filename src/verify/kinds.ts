/** What can be done to nodes: `kill -9` and a restart, a stop for a while, links that fail. */
export const faultKinds = ['kill', 'pause', 'cut'] as const
export type FaultKind = (typeof faultKinds)[number]
