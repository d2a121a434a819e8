import { defaults, type OptionName, type Options, optionGroups, specOf } from '../src/options.js'
import { kebab, placeholderOf, shownValue, variableOf } from './flags.js'

const isPrivate = (name: OptionName): boolean => specOf(name).secret === true || specOf(name).masked === true

const lineOf = (name: OptionName, value: unknown): string => `${kebab(name)} = ${JSON.stringify(value)}`

const limitsOf = (name: OptionName): string => {
  const { kind, min, max, choices } = specOf(name)
  if (choices) return choices.join(', ')
  if (max === undefined || !['count', 'bytes', 'seconds'].includes(kind)) return ''
  return `${shownValue(name, min ?? 0)} to ${shownValue(name, max)}`
}

const helpOf = (name: OptionName): string => `${specOf(name).help}${specOf(name).reload ? ' Reloaded.' : ''}`

/** Every option with its default, as a file that changes nothing. */
export const defaultConfig = (): string =>
  optionGroups
    .map(({ title, names }) => {
      const options = names
        .filter((name) => !specOf(name).secret)
        .map((name) => {
          const limits = limitsOf(name)
          return `# ${helpOf(name)}${limits === '' ? '' : ` (${limits})`}\n# ${lineOf(name, defaults[name])}\n`
        })
      return `# ${title}\n\n${options.join('\n')}`
    })
    .join('\n')

export type Sources = ReadonlyMap<OptionName, string>

/** What a node would run with, and where each value is from; nothing that must be kept to oneself. */
export const effectiveConfig = (options: Options, sources: Sources): string =>
  optionGroups
    .map(({ title, names }) => {
      const lines = names.map((name) => {
        const from = sources.get(name)
        const note = from === undefined ? '' : ` # ${from}`
        if (!isPrivate(name)) return `${lineOf(name, options[name])}${note}`
        return from === undefined ? `# ${kebab(name)}: none` : `# ${kebab(name)}: given${note.replace(' #', ',')}`
      })
      return `# ${title}\n${lines.join('\n')}\n`
    })
    .join('\n')

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('*', '\\*')

/** The README's table. */
export const optionTable = (): string =>
  optionGroups
    .map(({ title, names }) => {
      const rows = names.map((name) => {
        const { secret, default: value } = specOf(name)
        const flag = secret ? `\`${variableOf(name)}\`` : `\`--${kebab(name)}\``
        const limits = limitsOf(name)
        const shown =
          typeof value === 'boolean' || Array.isArray(value) ? '' : shownValue(name, value as string | number)
        const unit = placeholderOf(name) === 'seconds' ? ' s' : ''
        return `| ${flag} | ${shown === '' ? '' : `${cell(shown)}${unit}`} | ${cell(limits)} | ${cell(helpOf(name))} |`
      })
      return `| ${title} | default | limits | |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
    })
    .join('\n')
