import { about } from '../../bin/bench/report.js'
import { tableOf } from '../../bin/table.js'
import type { Figures } from './figures.js'
import { modelsOf } from './models.js'
import { countedTable, joinTable, liveTable, modelTable, stallTable, streamTable, type Table } from './tables.js'

/** The tables of the page, for a terminal. */
export const textOf = (figures: Figures): string => {
  const parts: readonly (readonly [string, Table])[] = [
    [`mesh, counted in process, ${figures.countedRate} a second`, countedTable(figures)],
    [`mesh, live, ${figures.liveRate} a second`, liveTable(figures)],
    ['mesh, live: kill -9 of one member', stallTable(figures)],
    ['mesh, live: a third node joins', joinTable(figures)],
    [`on JetStream, live, ${figures.liveRate} a second`, streamTable(figures)],
    ['models, by nodes n', modelTable(modelsOf(figures))],
  ]
  const tables = parts
    .filter(([, table]) => table.length > 1)
    .flatMap(([title, [head = [], ...rows]]) => ['', title, ...tableOf(head, rows)])
  return [about(figures.machine), ...figures.missing, ...tables].join('\n')
}
