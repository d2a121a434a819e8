import { type OptionName, type Options, optionNames, specOf } from './options.js'

export interface Renewal {
  /** What the node goes by from now on. */
  readonly options: Options
  readonly taken: readonly OptionName[]
  /** Changed, too, and to be taken on by a restart only. */
  readonly left: readonly OptionName[]
  /** The certificates of the other options are not for ports such as these. */
  readonly keepsTls: boolean
}

const tlsNames: readonly OptionName[] = ['tlsCert', 'tlsKey', 'peerCa']

/** Ports that listen can have another certificate, but can't begin to speak TLS, or to ask peers for theirs. */
const isOtherTls = (before: Options, after: Options): boolean =>
  tlsNames.some((name) => (before[name] === '') !== (after[name] === ''))

/** What a running node takes on of other options: those that nothing has been built upon. */
export const renewalOf = (before: Options, after: Options): Renewal => {
  const changed = optionNames.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
  const fixed = isOtherTls(before, after) ? tlsNames : []
  const taken = changed.filter((name) => specOf(name).reload && !fixed.includes(name))
  const options = { ...before, ...Object.fromEntries(taken.map((name) => [name, after[name]])) }
  return { options, taken, left: changed.filter((name) => !taken.includes(name)), keepsTls: fixed.length > 0 }
}
