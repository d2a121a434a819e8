import type { MemberStatus, Status } from '../effect.js'

export const whole = (count: number): string => Math.round(count).toLocaleString('en')

/** 12,500 as 12.5K. */
export const short = (count: number): string =>
  count < 10_000
    ? count.toLocaleString('en')
    : count.toLocaleString('en', { notation: 'compact', maximumSignificantDigits: 3 })

/** Messages a second. */
export const perSecond = (rate: number | undefined): string => {
  if (rate === undefined) return '–'
  return rate >= 100 || Number.isInteger(rate) ? whole(rate) : rate.toFixed(1)
}

const tenths = (value: number): string =>
  value >= 10 || Number.isInteger(value) ? `${Math.round(value)}` : value.toFixed(1)

export const duration = (ms: number | undefined): string => {
  if (ms === undefined) return '–'
  if (ms < 1000) return `${tenths(ms)} ms`
  if (ms < 60_000) return `${tenths(ms / 1000)} s`
  return ms < 3_600_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`
}

export const bytes = (size: number): string => {
  if (size < 1024) return `${size} bytes`
  return size < 2 ** 20 ? `${(size / 1024).toFixed(1)} KiB` : `${(size / 2 ** 20).toFixed(1)} MiB`
}

/** What has to fit keeps its ends, by which names of hosts and ports are told apart. */
export const shortened = (text: string, most: number): string => {
  const letters = [...text]
  if (letters.length <= most) return text
  const tail = Math.floor((most - 1) / 2)
  return `${letters.slice(0, most - 1 - tail).join('')}…${letters.slice(letters.length - tail).join('')}`
}

/**
 * What can't be seen, and may turn around what stands beside it, is written as JSON would write it. Two of its kind stay,
 * without which some scripts can't be written.
 */
export const visible = (text: string): string =>
  text.replace(/[\p{Cf}\p{Zl}\p{Zp}]/gu, (mark) =>
    mark === '\u200c' || mark === '\u200d'
      ? mark
      : [...Array(mark.length).keys()].map((i) => `\\u${mark.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  )

/** How a node is, as the one that is listened to sees it, and as it says itself. */
export type Standing = 'ready' | 'changing' | 'joining' | 'draining' | 'suspect' | 'apart' | 'down'

export const standingOf = (
  { state, ready, inView }: Pick<MemberStatus, 'state' | 'ready' | 'inView'>,
  own: Status['state'] | undefined,
): Standing => {
  // A newcomer has a view of its own until it is taken in.
  if (state === 'apart' && !ready) return 'joining'
  if (state !== 'alive') return state
  if (own === 'draining') return 'draining'
  if (!ready || !inView) return 'joining'
  return own === 'frozen' ? 'changing' : 'ready'
}

export const standings: { readonly [S in Standing]: { readonly is: string; readonly tone: 'good' | 'warn' | 'bad' } } =
  {
    ready: { is: 'ready', tone: 'good' },
    changing: { is: 'changing its view', tone: 'warn' },
    joining: { is: 'joining', tone: 'warn' },
    draining: { is: 'draining: it stops', tone: 'warn' },
    suspect: { is: 'suspect: not heard lately', tone: 'bad' },
    apart: { is: 'apart: it has another view', tone: 'bad' },
    down: { is: 'down', tone: 'bad' },
  }

/** What the nodes agree by, in a few words; nothing where that is not told. */
export const footing = ({ view, log }: Pick<Status, 'view' | 'log'>): string => {
  if (log.kind === 'mesh') {
    const [ballot = ''] = view.id.split('.')
    return ballot === '' ? '' : `view ${ballot} of ${view.members.length}`
  }
  if (log.state === 'away') return 'JetStream is away'
  const lag = log.streams.reduce((sum, stream) => sum + stream.lag, 0)
  return `on JetStream${lag > 0 ? `, ${whole(lag)} behind` : ''}`
}

interface Told {
  readonly name: string
  readonly standing: Standing
}

const listOf = (names: readonly string[]): string =>
  names.length < 3 ? names.join(' and ') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`

/** How the cluster is, in a sentence. */
export const sentence = (nodes: readonly Told[]): { readonly text: string; readonly tone: 'good' | 'warn' | 'bad' } => {
  const said: string[] = []
  let tone: 'good' | 'warn' | 'bad' = 'good'
  for (const [standing, { is, tone: its }] of Object.entries(standings)) {
    const names = nodes.filter((node) => node.standing === standing).map(({ name }) => name)
    if (standing === 'ready' || names.length === 0) continue
    const plural = names.length > 1 ? is.replace('it has', 'they have').replace('it stops', 'they stop') : is
    const shown = names.length > 4 ? `${names.length} nodes` : listOf(names)
    said.push(
      `${shown} ${names.length > 1 ? 'are' : 'is'} ${plural.replace('its view', names.length > 1 ? 'their view' : 'its view')}`,
    )
    if (its === 'bad' || tone === 'good') tone = its
  }
  if (said.length > 0) return { text: `${said.join('; ')}.`, tone }
  return { text: nodes.length === 1 ? 'One node, and it is ready.' : `All ${nodes.length} nodes agree.`, tone: 'good' }
}
