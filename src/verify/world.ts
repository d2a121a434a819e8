import { createHash } from 'node:crypto'
import type { Http } from '../client/http.js'
import type { Ports } from '../client/ports.js'
import type { Recorder } from './recorder.js'

/** A node that is driven. */
export interface Target {
  readonly name: string
  readonly url: string
}

/** What all who make load share. */
export interface World {
  readonly targets: readonly Target[]
  /** `/{database}/bus` */
  readonly path: string
  readonly http: Http
  readonly ports: Ports
  readonly recorder: Recorder
  /** What was published, by the name of the message. */
  readonly texts: Map<string, string>
}

/** How long a node may take to answer before its client goes elsewhere, in milliseconds. */
export const attemptMs = 1500

export const sumOf = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 16)

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** The message whose coming says that a channel has been read to its end. */
export const lastOf = (channel: string): string => `last of ${channel}`

export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
