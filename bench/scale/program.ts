import { command } from '../../bin/bench/command.js'
import { Fleet } from '../../test/live/fleet.js'

/** What runs a node: the build, if this is built; else the source, which `Fleet` knows how to run. */
export const nodeProgram: string | undefined = command.endsWith('.ts') ? undefined : command

/** A mesh of nodes as processes. */
export const launch = (nodes: number, flags: readonly string[] = []): Promise<Fleet> =>
  Fleet.launch(nodes, flags, nodeProgram === undefined ? [] : Array.from({ length: nodes }, () => nodeProgram))
