import type { JWTPayload } from 'jose'
import type { Visitor } from '../http/guard.js'
import { insufficient, invalidToken } from './challenge.js'
import { Patterns } from './patterns.js'

const listOf = (claims: JWTPayload, name: string): readonly string[] => {
  const value = claims[name]
  if (value === undefined) return []
  if (typeof value === 'string') return [value]
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  throw invalidToken(`the claim ${name} must be a list of patterns`)
}

/** What a token lets its bearer do. */
export class Rights implements Visitor {
  readonly publish: Patterns
  readonly subscribe: Patterns
  readonly databases: Patterns
  readonly isAdmin: boolean
  readonly untilMs: number
  readonly subject: string | undefined

  /** `untilMs`: when the token expires, on the clock of `performance`. Throws EngineError for claims that make no sense. */
  constructor(
    claims: JWTPayload,
    /** In seconds, as in the token. */
    readonly expires: number,
    untilMs: number,
  ) {
    this.publish = new Patterns(listOf(claims, 'publish'))
    this.subscribe = new Patterns(listOf(claims, 'subscribe'))
    this.databases = new Patterns(claims.databases === undefined ? ['*'] : listOf(claims, 'databases'))
    this.isAdmin = claims.admin === true
    this.untilMs = untilMs
    this.subject = claims.sub
  }

  reads(channels: readonly string[]): readonly string[] {
    for (const channel of channels) {
      if (!this.subscribe.allow(channel)) throw insufficient(`the token lets nobody subscribe to ${quoted(channel)}`)
    }
    return channels
  }

  checkPublish(channel: string): void {
    if (!this.publish.allow(channel)) throw insufficient(`the token lets nobody publish to ${quoted(channel)}`)
  }
}

const quoted = (channel: string): string => JSON.stringify(channel)
