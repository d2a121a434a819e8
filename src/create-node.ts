import type { Backbone, BackboneParts } from './backbone.js'
import { readKeys } from './keys.js'
import { Node } from './node.js'
import { type Options, resolveOptions } from './options.js'
import { Mesh } from './peer/mesh.js'

/** What speaks to another log than the nodes' own is loaded only where that is asked for. */
const backboneFor = async (options: Options): Promise<(parts: BackboneParts) => Backbone> => {
  if (options.log === '') return (parts) => new Mesh(parts)
  const { loadStreams } = await import('./jetstream/streams.js')
  return loadStreams(options)
}

/** A node that listens and looks for the others; it is ready once it is a member of their view, or alone. */
export const createNode = async (given: Partial<Options> = {}): Promise<Node> => {
  const options = resolveOptions(given)
  const node = new Node(options, await readKeys(options), await backboneFor(options))
  await node.start()
  return node
}
