import { test } from 'tap'
import { Stage } from './stage.js'
import { told } from './wire.js'

test('a publish is answered with its id and copies', async (t) => {
  const stage = await Stage.set(t)
  const reply = await stage.post('/main/bus/publish', '{"channel":"a","message":{ "n" : 1.0 }}')
  t.equal(reply.status, 200)
  t.same(told(reply), { message_id: 'id-0', copies: 3 })
  const draft = stage.bus.publishes[0]?.drafts[0]
  t.equal(Buffer.from(draft?.data ?? []).toString(), '{"message_id":, "n" : 1.0 }')
})
