import { Document } from './document.js'

const style = `
:root { color-scheme: light dark; --faint: #767676; --line: #8884; --good: #1a7f37; --bad: #cf222e }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 40rem; height: 100dvh; padding: 0 1rem; display: flex; flex-direction: column }
h1 { font-size: 1.2rem; margin: 1rem 0 .2rem } p { color: var(--faint); margin: 0 }
ol { flex: 1; overflow-y: auto; list-style: none; margin: .8rem 0; padding: 0; border-block: 1px solid var(--line) }
li { padding: .25rem 0; overflow-wrap: anywhere } li b { margin-right: .5rem } li.note { color: var(--faint); font-style: italic }
form { display: flex; gap: .5rem; margin-bottom: 1rem } input { font: inherit; padding: .4rem; min-width: 0 }
#name { width: 7rem } #text { flex: 1 } button { font: inherit; padding: .4rem 1rem }
.good { color: var(--good) } .bad { color: var(--bad) }`

/** What others write goes in as text and never as markup. */
const script = `
const place = (id) => document.getElementById(id)
const wanted = new URLSearchParams(location.search)
const database = encodeURIComponent(wanted.get('database') ?? 'main')
const channel = wanted.get('channel') ?? 'chat'
const bus = '/' + database + '/bus/'
place('channel').textContent = channel

const add = (text, name) => {
  const item = document.createElement('li')
  if (name === undefined) item.className = 'note'
  else {
    const who = document.createElement('b')
    who.textContent = name
    item.append(who)
  }
  item.append(text)
  place('messages').append(item)
  item.scrollIntoView({ block: 'end' })
}
const state = (text, kind) => {
  place('state').textContent = text
  place('state').className = kind
}

// A browser comes back by itself, with the id of the last event; but not after a refusal, when a node starts or stops.
let last = 'earliest'
const follow = () => {
  const source = new EventSource(bus + 'events?channel=' + encodeURIComponent(channel) + '&from=' + encodeURIComponent(last))
  const take = (event) => {
    if (event.lastEventId) last = event.lastEventId
    state('connected', 'good')
    return JSON.parse(event.data)
  }
  source.addEventListener('position', take)
  source.addEventListener('heartbeat', take)
  source.addEventListener('gap', (event) => add('some messages are gone: ' + take(event).reason))
  source.addEventListener('message', (event) => {
    const told = take(event)
    add(String(told.message.text ?? JSON.stringify(told.message)) + (told.late ? ' (came late)' : ''), String(told.message.name ?? '?'))
  })
  source.onerror = () => {
    state('not connected', 'bad')
    if (source.readyState !== EventSource.CLOSED) return
    source.close()
    setTimeout(follow, 1000 + Math.random() * 2000)
  }
}

// With a key it may be sent again: it is published once.
const publish = async (message, key, again = true) => {
  const body = JSON.stringify({ channel, message, key })
  const answer = await fetch(bus + 'publish', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }).catch(() => undefined)
  if (answer?.ok) return
  if (again && (!answer || answer.status === 503)) return setTimeout(() => publish(message, key, false), 1000)
  add('not sent: ' + (answer ? (await answer.json()).error.message : 'no answer'))
}
place('form').addEventListener('submit', (event) => {
  event.preventDefault()
  const text = place('text').value.trim()
  if (text === '') return
  place('text').value = ''
  publish({ name: place('name').value || 'somebody', text }, [...crypto.getRandomValues(new Uint8Array(12))].join('.'))
})
follow()`

const body = `
<h1>Channel <span id="channel"></span></h1>
<p>Open this page at any node, in several windows. <span id="state" role="status">connecting</span></p>
<ol id="messages" aria-live="polite"></ol>
<form id="form">
<input id="name" placeholder="Your name" aria-label="Your name" maxlength="40">
<input id="text" placeholder="Say something" aria-label="Message" autocomplete="off" maxlength="2000" autofocus>
<button>Send</button>
</form>
<noscript><p>This example needs JavaScript.</p></noscript>`

/** A chat, to be looked at and copied from: it needs the two paths of a database that read and publish, and nothing else. */
export const example = new Document({ title: 'Carillon: chat', style, body, script })
