import type { Faults } from './message.js'
import type { Job } from './plan.js'

/** From the command to a worker process. */
export type Order =
  | { readonly type: 'prepare'; readonly job: Job }
  | { readonly type: 'run' }
  /** Publish no more. */
  | { readonly type: 'stop' }
  /** Wait for what was published, as said here by publisher and channel, and then say what has come of it. */
  | { readonly type: 'finish'; readonly last: readonly (readonly [key: string, last: number])[] }

/** What a worker has counted since it last said so. */
export interface Counts {
  readonly published: number
  readonly delivered: number
  /** Histograms as text: from when a message was to go out until it came in, and until it was acknowledged. */
  readonly delivery: string
  readonly publish: string
  /** How much of the time its event loop was busy, from 0 to 1. */
  readonly busy: number
}

/** From a worker process to the command. */
export type Told =
  | { readonly type: 'prepared' }
  | { readonly type: 'counts'; readonly counts: Counts }
  | { readonly type: 'stopped'; readonly last: readonly (readonly [key: string, last: number])[] }
  | { readonly type: 'finished'; readonly faults: Faults }

/** How often a worker tells its counts. */
export const tellEveryMs = 250
