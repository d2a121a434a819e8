import { readKeys } from './keys.js'
import { Node } from './node.js'
import { type Options, resolveOptions } from './options.js'

/** A node that listens and looks for the others; it is ready once it is a member of their view, or alone. */
export const createNode = async (given: Partial<Options> = {}): Promise<Node> => {
  const options = resolveOptions(given)
  const node = new Node(options, await readKeys(options))
  await node.start()
  return node
}
