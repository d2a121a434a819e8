/** Rows of text in columns as wide as they need; numbers stand to the right. */
export const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)))
  const numeric = head.map((_, i) => rows.every((row) => /^[\d.,-]*$/.test(row[i] ?? '')))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  return [head, ...rows].map(line)
}

/** With its thousands marked. */
export const whole = (value: number): string => Math.round(value).toLocaleString('en-US')
