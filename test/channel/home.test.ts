import t from 'tap'
import { Channels } from '../../src/channel/channels.js'
import { coreDefaults } from '../../src/limits.js'
import { entryOf } from '../../src/log/entry.js'
import { Ledger } from '../../src/log/ledger.js'
import { allRules } from '../../src/log/rules.js'
import { draft, nodeId } from '../support/core.js'

t.test('a message whose channel goes before it is shown comes to the next of that name', (t) => {
  const ledger = new Ledger()
  const origin = ledger.add(nodeId(1))
  const channels = new Channels(ledger, coreDefaults, allRules)
  const before = channels.open('main', 'a')
  const accept = (seq: number) => {
    const entry = entryOf(origin, seq, seq, draft('a', seq), 0, channels.find('main', 'a'))
    origin.append(entry)
    return entry
  }
  const [first, second] = [accept(1), accept(2)]
  t.equal(first.home, before)
  for (let i = 0; i < 2; i++) channels.tidy(0)
  t.equal(channels.find('main', 'a'), undefined, 'nobody waits on it, and it has nothing')
  channels.keep(first, 0)
  const after = channels.find('main', 'a')
  t.ok(after && after !== before)
  t.equal(first.home, after)
  channels.keep(second, 0)
  t.equal(after?.ring.length, 2)
  t.equal(before.ring.length, 0)
  t.equal(channels.size, 1)
  t.end()
})
