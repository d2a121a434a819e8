import { pino } from 'pino'
import { test } from 'tap'
import type { Report } from '../src/effect.js'
import { asText, logReport } from '../src/logger.js'

const names = new Map([
  ['-a1', 'node-1'],
  ['-a2', 'node-2'],
])

/** What a report becomes, as people read it, without the time. */
const told = (report: Report, level = 'debug'): string => {
  let text = ''
  const write = (line: string): void => {
    text += asText(line)
  }
  const logger = pino({ level, base: null }, { write }).child({ at: 'node-3' })
  logReport(logger, report, (id) => names.get(id) ?? id)
  return text.replace(/^\d\d:\d\d:\d\d\.\d{3} /, '')
}

test('each report is as loud as it matters, and calls nodes by their names', (t) => {
  const rows: readonly (readonly [report: Report, text: string])[] = [
    [{ event: 'view_proposed', detail: { view: 7, members: ['-a1', '-x'] } }, 'debug view proposed view=7 members='],
    [{ event: 'view_abandoned', detail: { silent: ['-a2'] } }, 'info  view abandoned silent=["node-2"]\n'],
    [{ event: 'member_stalled', detail: { node: '-a1' } }, 'WARN  member stalled node=node-1\n'],
    [{ event: 'name_taken', detail: { name: 'node-1' } }, 'ERROR name taken name=node-1\n'],
    [{ event: 'no peer secret' }, 'WARN  no peer secret\n'],
    [{ event: 'peer refused', detail: { reason: 'a web page' } }, 'WARN  peer refused reason="a web page"\n'],
    [{ event: 'peer too slow', detail: { peer: 'node-1', id: '-a1' } }, 'WARN  peer too slow peer=node-1\n'],
    [{ event: 'frame too large', detail: { bytes: 9 } }, 'ERROR frame too large bytes=9\n'],
    [{ event: 'invariant_broken', detail: { invariant: 'I1' } }, 'ERROR invariant broken invariant=I1\n'],
    [{ event: 'http_mistake', detail: { error: 'a\nb' } }, 'ERROR http mistake error="a\\nb"\n'],
    [{ event: 'linked', detail: { peer: 'node-1', id: '-a1' } }, 'info  linked peer=node-1\n'],
    [{ event: 'something new' }, 'info  something new\n'],
  ]
  for (const [report, text] of rows) t.ok(told(report).startsWith(text), told(report))
  t.match(told(rows[0]?.[0] ?? { event: '' }), 'members=["node-1","-x"]')
  t.equal(told({ event: 'linked' }, 'warn'), '')
  t.end()
})
