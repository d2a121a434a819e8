import { ChannelTable } from './channels.js'
import { Chart, type Line } from './chart.js'
import { Desk } from './desk.js'
import { el, Keyed, place, say, tint } from './dom.js'
import { History } from './history.js'
import { Colours, type Model, modelOf } from './model.js'
import { NodeTable } from './nodes.js'
import { Picture } from './picture.js'
import { TokenBox } from './token.js'
import { Watch } from './watch.js'
import { duration, footing, perSecond, sentence, short } from './words.js'

const spanMs = 180_000
/** With more nodes than this colours come again too often to tell them apart. */
const legendMax = 16
const channelsMs = 2000
/** How long a list of channels may take: where there are a million of them they are looked through at leisure. */
const listMs = 15_000

const history = new History(spanMs)
const colours = new Colours()
const seen = new Map<string, number>()

const token = new TokenBox(() => {
  watch.wake()
  void channels.look()
  void desk.renew()
})
const watch = new Watch(
  {
    fetch: (url, request) => fetch(url, request),
    now: () => performance.now(),
    after: (ms, ring) => void setTimeout(ring, ms),
    isHidden: () => document.hidden,
    token: () => token.value,
  },
  location.origin,
  () => changed(),
)
const desk = new Desk({
  servers: () => {
    const answering = watch.sources.filter(({ look, silence }) => look && silence === undefined).map(({ url }) => url)
    return [...new Set([watch.listening.url, ...answering])]
  },
  bus: () => watch.listening.look?.status.members.find(({ self }) => self)?.url ?? location.origin,
  nameOf: (url) => watch.nameOf(url),
  token: () => token.value,
  askToken: (why) => token.ask(why),
})

const channels = new ChannelTable({
  ask: async (path) => {
    const headers: Record<string, string> = token.value === '' ? {} : { Authorization: `Bearer ${token.value}` }
    const signal = AbortSignal.timeout(listMs)
    const asked = fetch(watch.listening.url + path, { headers, signal, cache: 'no-store' })
    const answer = await asked.catch(() => undefined)
    // What is shown already is better than nothing: another node is asked next.
    if (!answer || answer.status >= 500) return undefined
    const told = await answer.json()
    if (!answer.ok) throw new Error(`${answer.status} ${told.error.code}: ${told.error.message}`)
    return told
  },
  choose: (database, channel) => desk.choose(database, channel),
})

const rate = { scale: 'linear', write: perSecond, tick: short, nothing: 'nothing is known yet' } as const
const time = { scale: 'logarithmic', write: duration, tick: duration, together: 'greatest' } as const
const charts = [
  new Chart({ ...rate, title: 'Published', measures: ['published'], together: 'sum' }),
  new Chart({ ...rate, title: 'Shown', measures: ['shown'], together: 'greatest' }),
  new Chart({ ...rate, title: 'Delivered', measures: ['delivered'], together: 'sum' }),
  new Chart({ ...time, title: 'Publish', measures: ['publish99', 'publish50'], nothing: 'nothing was published' }),
  new Chart({ ...time, title: 'Delivery', measures: ['delivery99', 'delivery50'], nothing: 'nothing was shown' }),
]
place('rates').append(...charts.slice(0, 3).map(({ root }) => root))
place('times').append(...charts.slice(3).map(({ root }) => root))

const picture = new Picture(place<SVGSVGElement>('picture'))
const table = new NodeTable(place('node-rows'))
const legend = new Keyed(place('legend'), () => el('li'))
const choice = place<HTMLSelectElement>('seen-from')
const options = new Keyed(choice, (url) => el('option', { value: url }))
choice.addEventListener('change', () => watch.listenTo(choice.value))

const headline = ({ nodes }: Model): void => {
  const { look, refused, silence } = watch.listening
  const line = place('sentence')
  const { text, tone } = sentence(nodes.map(({ label, standing }) => ({ name: label, standing })))
  if (refused) {
    say(line, 'This node shows how it is to whom it knows: give it a token.')
    tint(line, 'warn')
  } else if (watch.isLost) {
    say(line, look || silence !== undefined ? 'No node answers this page. It goes on asking.' : 'Asking…')
    tint(line, look || silence !== undefined ? 'bad' : '')
  } else {
    say(line, text)
    tint(line, tone)
  }
  document.body.classList.toggle('lost', watch.isLost)
  document.body.classList.toggle('refused', refused !== undefined)
  document.body.classList.toggle('partial', look?.isPartial === true)
  document.title = watch.isLost
    ? 'Carillon'
    : `${nodes.filter(({ standing }) => standing === 'ready').length}/${nodes.length} Carillon`
}

const whereFrom = (): void => {
  const { look, url } = watch.listening
  const answering = watch.sources.filter((source) => source.look || source === watch.listening)
  options.show(answering.map((source) => source.url)).forEach((option, i) => {
    const source = answering[i]
    if (source) say(option, watch.nameOf(source.url))
  })
  if (choice.value !== url) choice.value = url
  const { log } = look?.status ?? {}
  say(place('view'), look ? footing(look.status) : '')
  tint(place('view'), log?.kind === 'jetstream' && log.state === 'away' ? 'bad' : '')
  const isPartial = look?.isPartial === true
  place('partial').hidden = !isPartial
}

const lines = ({ nodes }: Model): readonly Line[] =>
  nodes.map(({ name, label, colour }) => ({ name: label, colour, points: history.points(name) }))

const render = (): void => {
  const nowMs = performance.now()
  const model = modelOf(watch, history, colours, nowMs)
  headline(model)
  whereFrom()
  picture.draw(model)
  table.show(model.nodes)
  const told = model.nodes.length > legendMax ? [] : model.nodes
  legend.show(told.map(({ name }) => name)).forEach((item, i) => {
    const { label = '', colour = 0 } = told[i] ?? {}
    if (item.textContent === label) return
    item.replaceChildren(el('i', { class: `dot c${colour % 8}` }), el('bdi', {}, label))
  })
  const drawn = lines(model)
  for (const chart of charts) chart.draw(drawn, nowMs, spanMs)
}

/** Takes each look once, and draws when the browser is ready to. */
let isDue = false
let listening = location.origin
const changed = (): void => {
  if (watch.listening.url !== listening) {
    listening = watch.listening.url
    void channels.look()
  }
  const names = new Set((watch.listening.look?.status.members ?? []).map(({ name }) => name))
  for (const { url, look } of watch.sources) {
    if (!look || look.isPartial || seen.get(url) === look.atMs) continue
    seen.set(url, look.atMs)
    history.add(look.status.name, look.status, look.atMs)
  }
  if (names.size > 0) history.keep(names)
  const { refused } = watch.listening
  if (refused && token.value === '') token.ask(`${refused.status} ${refused.code}: ${refused.message}`)
  else if (refused) token.ask(`${refused.status} ${refused.code}: ${refused.message}. Another token may do.`)
  if (isDue || document.hidden) return
  isDue = true
  requestAnimationFrame(() => {
    isDue = false
    render()
  })
}

const lookAtChannels = (): void => {
  if (!document.hidden && !channels.isLooking) void channels.look()
  setTimeout(lookAtChannels, channelsMs)
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) watch.wake()
})
new ResizeObserver(() => changed()).observe(place('picture'))
lookAtChannels()
