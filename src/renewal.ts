import { type OptionName, type Options, optionNames, specOf } from './options.js'

export interface Renewal {
  /** What the node goes by from now on. */
  readonly options: Options
  readonly taken: readonly OptionName[]
  /** Changed, too, and to be taken on by a restart only. */
  readonly left: readonly OptionName[]
}

/** What a running node takes on of other options: those that nothing has been built upon. */
export const renewalOf = (before: Options, after: Options): Renewal => {
  const changed = optionNames.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
  const taken = changed.filter((name) => specOf(name).reload)
  const options = { ...before, ...Object.fromEntries(taken.map((name) => [name, after[name]])) }
  return { options, taken, left: changed.filter((name) => !taken.includes(name)) }
}
