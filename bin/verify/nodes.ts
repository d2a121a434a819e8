import { randomBytes } from 'node:crypto'
import { Cables } from '../../src/verify/cables.js'
import type { NodePlan } from '../../src/verify/crew.js'
import { nodePlanFor, type Place, placesFor, urlOf } from '../cluster.js'

export interface OwnNodes {
  readonly plans: readonly NodePlan[]
  readonly cables?: Cables
}

/** Nothing is to be evicted while it lasts, so that whatever is missing is missing. */
const options = {
  logLevel: 'warn',
  retentionCount: 1_000_000,
  retentionSeconds: 86_400,
  retentionBytes: 2 ** 32,
} as const

/** How to start a node: by default as this very program. Tests start some that are not what they should be. */
export type Program = readonly string[]
const self = (): Program => [...process.execArgv, process.argv[1] ?? '', 'start']

/** Whatever the user has set for nodes of their own does not concern these. */
const environment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CARILLON_'))),
  CARILLON_SECRET: randomBytes(32).toString('base64url'),
})

/** Nodes on free ports; where links are to be cut, they know each other by the ends of the cables between them. */
export const ownNodes = async (count: number, areCut: boolean, program: Program = self()): Promise<OwnNodes> => {
  const places = await placesFor({ nodes: count, port: 0, peerPort: 0 })
  const env = environment()
  const cables = areCut ? await layCables(places) : undefined
  const seen = cables ? places.map((place) => ({ ...place, peerPort: cables.portOf(place.name) })) : places
  const plans = places.map((place, i) => {
    const others = seen.filter((_, j) => j !== i)
    const advertise = cables ? { advertise: `127.0.0.1:${cables.portOf(place.name)}` } : {}
    const { args } = nodePlanFor(place, others, { ...options, ...advertise }, env)
    return { name: place.name, url: urlOf(place), command: process.execPath, args: [...program, ...args.slice(1)], env }
  })
  return cables ? { plans, cables } : { plans }
}

const layCables = async (places: readonly Place[]): Promise<Cables> => {
  const cables = new Cables(places.map(({ name }) => name))
  await cables.open()
  for (const { name, peerPort } of places) cables.lay(name, peerPort)
  return cables
}
