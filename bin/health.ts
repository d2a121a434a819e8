import { Failure } from './failure.js'

export interface HealthFlags {
  readonly server: readonly string[]
  /** Seconds. */
  readonly timeout: number
}

const lookAt = async (url: string, timeoutMs: number): Promise<string | undefined> => {
  try {
    const { ok, status } = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(timeoutMs) })
    return ok ? undefined : `${url} is not ready (${status})`
  } catch {
    return `${url} does not answer`
  }
}

/** Ends with 1 unless all are ready: whoever asks for health knows 0 and 1 only. It asks once, and loads no client. */
export const health = async ({ server, timeout }: HealthFlags): Promise<void> => {
  const troubles = await Promise.all(server.map((url) => lookAt(url, timeout * 1000)))
  const words = troubles.filter((trouble) => trouble !== undefined).join('; ')
  if (words !== '') throw new Failure(1, words)
}
