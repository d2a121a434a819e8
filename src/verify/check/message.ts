import type { Publish, Told } from './history.js'

export interface Attempt {
  readonly sent: Publish
  /** None if the history ends before. */
  told: Told | undefined
}

/** What a publisher wanted to have said once, and all its tries. */
export class Message {
  readonly attempts: Attempt[] = []

  constructor(
    readonly name: string,
    /** Its place among those of its publisher. */
    readonly index: number,
    readonly publisher: string,
    readonly channel: string,
    readonly sum: string,
  ) {}

  get sentAt(): number {
    return this.attempts[0]?.sent.at ?? 0
  }

  /** When the fate of the last try was told, or it was begun, if that never was. */
  get settledAt(): number {
    return Math.max(...this.attempts.map(({ sent, told }) => told?.at ?? sent.at))
  }

  get acknowledged(): readonly (Attempt & { readonly told: Told })[] {
    return this.attempts.filter((each): each is Attempt & { told: Told } => each.told?.outcome === 'acknowledged')
  }

  /** When first. */
  get acknowledgedAt(): number {
    return this.acknowledged[0]?.told.at ?? Number.POSITIVE_INFINITY
  }

  /** It was said of every try that it has changed nothing. */
  get isRefused(): boolean {
    return this.attempts.every(({ told }) => told?.outcome === 'refused')
  }

  /** Tries that may have been taken. */
  get chances(): readonly Attempt[] {
    return this.attempts.filter(({ told }) => told?.outcome !== 'refused')
  }
}
