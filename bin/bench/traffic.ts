import type { Status } from '../../src/index.js'

const statusOf = async (url: string): Promise<Status> => (await (await fetch(`${url}/cluster`)).json()) as Status

/** Bytes that nodes have sent to each other until now; undefined unless these are all there are, and each of them says so. */
export const peerBytesOf = async (urls: readonly string[]): Promise<number | undefined> => {
  try {
    const statuses = await Promise.all(urls.map(statusOf))
    if (statuses.some(({ view }) => view.members.length !== urls.length)) return undefined
    const sent = statuses.map(({ counters }) => counters['peer_bytes_sent'])
    return sent.reduce<number>((sum, bytes) => sum + (bytes ?? Number.NaN), 0)
  } catch {
    return undefined
  }
}
