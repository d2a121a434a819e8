import { onOneLine } from '../src/client/core/slices.js'
import type { Gap, Message, Status, Subscription, TransportName } from '../src/client/index.js'
import { clientFor, outcomeOf } from './client.js'
import type { ServerFlags } from './flags.js'
import { onInterrupt, printSoon, say } from './terminal.js'

export interface SubscribeFlags extends ServerFlags {
  readonly from: string
  readonly count: number
  readonly transport: TransportName
  readonly quiet: boolean
}

/** A node that has fallen silent without closing its connections is found out within this and three seconds. */
const lookMs = 3000
const pageMax = 500

const gapWords: { readonly [reason: string]: string } = {
  evicted: 'what was published before was no longer kept',
  unknown_origin: 'it was read from nodes that this cluster no longer knows',
}

/** Loss is told even to those who asked for quiet. */
const tellGap = ({ reason, oldest }: Gap): void => {
  const kept = oldest === undefined ? '' : `; the oldest kept is ${oldest}`
  say(`carillon: gap: messages are missing here: ${gapWords[reason] ?? reason}${kept}`)
}

/** The message goes out as it was published: reading it and writing it anew would change large numbers. */
const lineOf = ({ channel, text = '', late, traceparent }: Message): string => {
  const trace = traceparent === undefined ? '' : `,"traceparent":"${traceparent}"`
  return `{"channel":${JSON.stringify(channel)},"message":${onOneLine(text)}${late ? ',"late":true' : ''}${trace}}`
}

/** Says where it reads, and that it is at no node for longer than it takes to go to the next. */
const teller = (channels: readonly string[]): ((status: Status) => void) => {
  let at = ''
  let waits = 0
  return (status) => {
    if (status.type === 'waiting') {
      if (++waits === 2) say(`carillon: still trying: ${status.server}: ${status.why}`)
      return
    }
    const { server } = status
    if (at === '') say(`carillon: subscribed to ${channels.join(', ')} at ${server}`)
    else if (at !== server || waits > 1) say(`carillon: going on at ${server}`)
    at = server
    waits = 0
  }
}

const follow = async (subscription: Subscription, count: number): Promise<void> => {
  let printed = 0
  for await (const event of subscription) {
    if (event.type === 'gap') tellGap(event)
    else {
      await printSoon(lineOf(event))
      if (++printed === count) return
    }
  }
}

export const subscribe = async (given: readonly string[], flags: SubscribeFlags): Promise<void> => {
  const { server: servers, database, transport, from, count, quiet, timeout } = flags
  const channels = [...new Set(given)]
  const pageCount = count === 0 ? pageMax : Math.min(pageMax, count)
  const client = clientFor({ servers, database, transport, lookMs, pageCount })
  const talk = quiet ? {} : { onStatus: teller(channels) }
  const options = { from, text: true, backlog: pageCount, connectMs: timeout * 1000, ...talk }
  const subscription = client.subscribe(channels, options)
  const release = onInterrupt(() => {
    if (!quiet) say(`carillon: go on with --from ${subscription.cursor}`)
  })
  try {
    await outcomeOf(follow(subscription, count))
  } finally {
    release()
    await client.close()
  }
}
