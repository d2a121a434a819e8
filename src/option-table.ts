import { type HttpOptions, httpDefaults as http } from './http/limits.js'
import { log } from './jetstream/options.js'
import { type CoreOptions, coreDefaults as core } from './limits.js'
import type { Kinds } from './option-kinds.js'
import { type PeerOptions, peerDefaults as peer } from './peer/limits.js'

export interface Spec {
  readonly kind: keyof Kinds
  readonly default: string | number | boolean | readonly string[]
  /** For text and URLs: their length. */
  readonly min?: number
  readonly max?: number
  readonly choices?: readonly string[]
  /** May be empty: then the node works it out, or does without. */
  readonly blank?: true
  /** Never shown, and not a flag: anyone on the machine can read the arguments of a process. */
  readonly secret?: true
  /** May hold a password: not shown when something is wrong with it. */
  readonly masked?: true
  /** The limits that it sets; seconds become milliseconds. */
  readonly core?: keyof CoreOptions
  readonly http?: keyof HttpOptions
  readonly peer?: keyof PeerOptions
  /** A running node takes on another value, or what else is in the file. */
  readonly reload?: true
  /** One sentence. */
  readonly help: string
}

export interface Specs {
  readonly [name: string]: Spec
}

const million = 1_000_000
const [kib, mib, gib] = [2 ** 10, 2 ** 20, 2 ** 30]

// biome-ignore format: two lines an option read as the table that it is
const node = {
  listen: { kind: 'address', default: '127.0.0.1:7400',
    help: 'Where clients connect; port 0 takes a free one.' },
  url: { kind: 'url', default: '', blank: true, max: 2048,
    help: 'The base URL that clients are told, if it is not that of --listen.' },
  adminListen: { kind: 'address', default: '', blank: true,
    help: 'One more address, where everyone who reaches it sees the state of the node, and nothing else is answered.' },
  name: { kind: 'text', default: '', blank: true, max: 128,
    help: 'Unique in the cluster, the same after a restart; else the address that other nodes dial.' },
  drainTimeout: { kind: 'seconds', default: 10, min: 0, max: 3600,
    help: 'How long a stop waits for the publishes under way.' },
  logLevel: { kind: 'choice', reload: true, default: 'info', choices: ['debug', 'info', 'warn', 'error', 'silent'],
    help: 'What is worth a line on standard error.' },
  logFormat: { kind: 'choice', default: 'auto', choices: ['auto', 'json', 'text'],
    help: 'How these lines look; auto is text on a terminal, JSON elsewhere.' },
  reportInterval: { kind: 'seconds', default: http.reportMs / 1000, min: 0, max: 86_400, http: 'reportMs', peer: 'reportMs',
    help: 'What one address does wrong is told once in this time, however often it does it.' },
  channelsListed: { kind: 'count', reload: true, default: http.channelsListed, min: 1, max: 10_000, http: 'channelsListed',
    help: 'Channels in an answer to /channels.' },
} as const satisfies Specs

// biome-ignore format: two lines an option read as the table that it is
const cluster = {
  peerListen: { kind: 'address', default: '127.0.0.1:7500',
    help: 'Where other nodes connect; port 0 takes a free one.' },
  advertise: { kind: 'address', default: '', blank: true,
    help: 'The address that other nodes dial, if it is not that of --peer-listen.' },
  join: { kind: 'addresses', default: [],
    help: 'Peer addresses of other nodes; its own may be among them.' },
  cluster: { kind: 'text', default: 'carillon', min: 1, max: 128,
    help: 'Only nodes of the same cluster name connect.' },
  members: { kind: 'count', default: core.membersMax, min: 1, max: 256, core: 'membersMax',
    help: 'Nodes in the cluster.' },
  heartbeat: { kind: 'seconds', default: core.heartbeatMs / 1000, min: 0.01, max: 60, core: 'heartbeatMs',
    help: 'How often nodes tell each other that they live.' },
  suspectTimeout: { kind: 'seconds', default: core.suspectMs / 1000, min: 0.1, max: 300, core: 'suspectMs',
    help: 'Silence after which another node is left out.' },
  viewTimeout: { kind: 'seconds', default: core.proposeMs / 1000, min: 0.05, max: 60, core: 'proposeMs',
    help: 'A change of members that takes longer goes on without those who are silent.' },
  bootstrapTimeout: { kind: 'seconds', default: core.bootstrapMs / 1000, min: 0, max: 3600, core: 'bootstrapMs',
    help: 'How long to look for a ready node before being ready without one.' },
} as const satisfies Specs

// biome-ignore format: two lines an option read as the table that it is
const access = {
  secret: { kind: 'text', reload: true, default: '', blank: true, secret: true, min: 16, max: 4096,
    help: 'What peers prove to each other that they know.' },
  secretFile: { kind: 'text', reload: true, default: '', blank: true,
    help: 'A file with what peers prove to each other that they know; more lines: secrets also accepted.' },
  tlsCert: { kind: 'text', reload: true, default: '', blank: true,
    help: 'A file with the certificate of this node, and those between it and its CA, as PEM: both ports speak TLS then.' },
  tlsKey: { kind: 'text', reload: true, default: '', blank: true,
    help: 'A file with the private key of --tls-cert, as PEM.' },
  peerCa: { kind: 'text', reload: true, default: '', blank: true,
    help: 'A file with the CA of the certificates of nodes, as PEM: peers must have one of it (mutual TLS), and need no secret then.' },
  auth: { kind: 'auth', default: 'none',
    help: 'Who may publish and subscribe: everyone; who brings a token that lets them (jwt); or who has a session of the trytond at this URL (they subscribe only).' },
  jwtSecret: { kind: 'text', reload: true, default: '', blank: true, secret: true, min: 32, max: 4096,
    help: 'What tokens are signed with (HS256).' },
  jwtSecretFile: { kind: 'text', reload: true, default: '', blank: true,
    help: 'A file with what tokens are signed with (HS256); more lines: also accepted.' },
  jwtKeyFile: { kind: 'text', reload: true, default: '', blank: true,
    help: 'A file with the public keys of who signs tokens (RS256, ES256): PEM, or a JSON Web Key Set.' },
  jwksUrl: { kind: 'url', reload: true, default: '', blank: true, max: 2048,
    help: 'Where the JSON Web Key Set of who signs tokens (RS256, ES256) is.' },
  jwksCache: { kind: 'seconds', reload: true, default: 600, min: 1, max: 86_400,
    help: 'How long that set is not asked for again, unless a token names a key that is not in it.' },
  jwksPause: { kind: 'seconds', reload: true, default: 30, min: 0.1, max: 3600,
    help: 'It is not asked for more often than this, whatever keys tokens name.' },
  jwtIssuer: { kind: 'text', default: '', blank: true, max: 2048,
    help: 'What the claim iss of tokens must be, if it is to be looked at.' },
  jwtAudience: { kind: 'text', default: '', blank: true, max: 2048,
    help: 'What the claim aud of tokens must be, or hold, if it is to be looked at.' },
  jwtCookie: { kind: 'text', default: 'carillon', blank: true, max: 128,
    help: 'The cookie that may bring a token; none if empty.' },
  ticketTimeout: { kind: 'seconds', default: 30, min: 1, max: 3600,
    help: 'How long a ticket is good for, that stands for a token in a URL.' },
  authCache: { kind: 'seconds', default: 30, min: 0, max: 300,
    help: 'How long a session that trytond has confirmed is not asked about again.' },
  authTimeout: { kind: 'seconds', default: 5, min: 0.1, max: 60,
    help: 'How long trytond may take to say whether there is a session, or the server of --jwks-url to answer.' },
  proxies: { kind: 'count', default: 1, min: 0, max: 16,
    help: 'Proxies between clients and node, that add to X-Forwarded-For; 0 if clients connect to the node itself.' },
  token: { kind: 'text', reload: true, default: '', blank: true, secret: true, min: 16, max: 4096,
    help: 'What servers send (Authorization: Bearer) that publish and read all.' },
  tokenFile: { kind: 'text', reload: true, default: '', blank: true,
    help: 'A file with what servers send (Authorization: Bearer) that publish and read all; more lines: also accepted.' },
  insecure: { kind: 'flag', default: false,
    help: 'Let everyone who reaches the client port publish and subscribe, on whatever address it is.' },
  corsOrigin: { kind: 'origins', reload: true, default: http.corsOrigins, http: 'corsOrigins',
    help: 'Origins whose web pages may publish and subscribe; * is any.' },
} as const satisfies Specs

// biome-ignore format: two lines an option read as the table that it is
const retention = {
  retentionCount: { kind: 'count', default: core.retentionCount, min: 1, max: million, core: 'retentionCount',
    help: 'Messages kept a channel.' },
  retentionSeconds: { kind: 'seconds', default: core.retentionMs / 1000, min: 1, max: 86_400, core: 'retentionMs',
    help: 'How long messages and idempotency keys are kept.' },
  retentionBytes: { kind: 'bytes', default: core.retentionBytes, min: mib, max: 64 * gib, core: 'retentionBytes',
    help: 'Message bytes kept by the node.' },
  channels: { kind: 'count', default: core.channelsMax, min: 1, max: 100 * million, core: 'channelsMax',
    help: 'Channels with messages or waiting subscribers.' },
  keys: { kind: 'count', default: core.keysMax, min: 1, max: 100 * million, core: 'keysMax',
    help: 'Idempotency keys remembered.' },
} as const satisfies Specs

// biome-ignore format: two lines an option read as the table that it is
const publishing = {
  messageBytes: { kind: 'bytes', default: http.bodyBytes, min: kib, max: 16 * mib, http: 'bodyBytes',
    help: 'One message, or any other request body; all nodes need the same.' },
  batchBytes: { kind: 'bytes', default: http.batchBytes, min: kib, max: 256 * mib, http: 'batchBytes',
    help: 'All messages of one request.' },
  batchCount: { kind: 'count', reload: true, default: http.messagesPerRequest, min: 1, max: 1000, http: 'messagesPerRequest',
    help: 'Messages in one request.' },
  publishTimeout: { kind: 'seconds', default: core.publishTimeoutMs / 1000, min: 0.1, max: 300, core: 'publishTimeoutMs',
    help: 'After this a publish whose fate is not known is answered so.' },
  publishQueue: { kind: 'count', default: core.queueMax, min: 1, max: million, core: 'queueMax',
    help: 'Publishes that wait while a view forms.' },
  publishRate: { kind: 'count', reload: true, default: http.publishRate, min: 0, max: 1_000_000_000, http: 'publishRate',
    help: 'Messages a second that one client may publish (the subject of its token, else its address); 0 for as many as it likes.' },
  publishBurst: { kind: 'count', reload: true, default: http.publishBurst, min: 1, max: 1_000_000_000, http: 'publishBurst',
    help: 'Messages that one client may publish at once, where there is a --publish-rate.' },
  publishPause: { kind: 'seconds', reload: true, default: http.publishPauseMs / 1000, min: 0, max: 60, http: 'publishPauseMs',
    help: 'So long nothing is read from a connection on which a publish was refused for its rate; one with unusual headers is closed after 20 times as long.' },
  publishClients: { kind: 'count', reload: true, default: http.publishClients, min: 1, max: 10 * million, http: 'publishClients',
    help: 'Clients whose rate is kept account of; with more, those that came first are taken for new.' },
  unstableBytes: { kind: 'bytes', default: core.unstableBytes, min: mib, max: 16 * gib, core: 'unstableBytes',
    help: 'Message bytes not yet held by every member, beyond which publishes are refused.' },
} as const satisfies Specs

// biome-ignore format: two lines an option read as the table that it is
const subscribing = {
  longPollTimeout: { kind: 'seconds', reload: true, default: http.longPollTimeoutMs / 1000, min: 0.1, max: 3600, http: 'longPollTimeoutMs',
    help: 'How long a Tryton client is kept waiting, and any other at the most.' },
  pollTimeout: { kind: 'seconds', reload: true, default: http.pollTimeoutMs / 1000, min: 0, max: 3600, http: 'pollTimeoutMs',
    help: 'How long a poll waits that does not say.' },
  firstPollWindow: { kind: 'seconds', reload: true, default: http.firstPollWindowMs / 1000, min: 0, max: 86_400, http: 'firstPollWindowMs',
    help: 'A Tryton client that comes with no id is given what is younger than this.' },
  pollLimit: { kind: 'count', reload: true, default: http.pollLimit, min: 1, max: 100_000, http: 'pollLimit',
    help: 'Messages in an answer to a poll that does not say how many.' },
  pollLimitMax: { kind: 'count', reload: true, default: http.pollLimitMax, min: 1, max: 100_000, http: 'pollLimitMax',
    help: 'Messages in an answer, whatever the poll says.' },
  answerBytes: { kind: 'bytes', default: core.answerBytes, min: kib, max: gib, core: 'answerBytes',
    help: 'Message bytes in one answer; one message always fits.' },
  channelsPerRequest: { kind: 'count', reload: true, default: http.channelsPerRequest, min: 1, max: 100_000, http: 'channelsPerRequest',
    help: 'Channels in one poll, or on one stream.' },
  waiters: { kind: 'count', default: core.waitersMax, min: 1, max: 10 * million, core: 'waitersMax',
    help: 'Subscribers that wait at the same time.' },
} as const satisfies Specs

// biome-ignore format: two lines an option read as the table that it is
const streaming = {
  streams: { kind: 'count', reload: true, default: http.streamsMax, min: 1, max: 10 * million, http: 'streamsMax',
    help: 'Open at the same time: event streams and WebSockets.' },
  streamHeartbeat: { kind: 'seconds', reload: true, default: http.heartbeatMs / 1000, min: 1, max: 3600, http: 'heartbeatMs',
    help: 'Nothing is said on a stream for at most so long.' },
  streamRetry: { kind: 'seconds', reload: true, default: http.retryMs / 1000, min: 0, max: 3600, http: 'retryMs',
    help: 'When a stream ends, its client is asked to come back after so long, or up to twice that.' },
  streamPageBytes: { kind: 'bytes', default: http.pageBytes, min: kib, max: gib, http: 'pageBytes',
    help: 'Message bytes read for a stream at a time while it catches up; one message always fits.' },
  slowTimeout: { kind: 'seconds', reload: true, default: http.slowMs / 1000, min: 0.1, max: 3600, http: 'slowMs',
    help: 'A stream is cut that does not take what it was given in this time, beside what it takes at --write-rate.' },
  slowBytes: { kind: 'bytes', reload: true, default: http.slowBytes, min: 1, max: gib, http: 'slowBytes',
    help: 'Message bytes that may pass a stream by for which there is no room on its connection.' },
  frameBytes: { kind: 'bytes', default: http.frameBytes, min: kib, max: 256 * mib, http: 'frameBytes',
    help: 'One frame of a WebSocket client, or all its fragments.' },
  frameFragments: { kind: 'count', default: http.fragmentsMax, min: 1, max: million, http: 'fragmentsMax',
    help: 'Fragments of one frame.' },
} as const satisfies Specs

// biome-ignore format: two lines an option read as the table that it is
const clients = {
  connections: { kind: 'count', reload: true, default: http.connectionsMax, min: 1, max: million, http: 'connectionsMax',
    help: 'Open at the same time.' },
  connectionsPerAddress: { kind: 'count', reload: true, default: http.connectionsPerAddressMax, min: 1, max: million, http: 'connectionsPerAddressMax',
    help: 'Open from one address; all clients of a proxy have that of the proxy.' },
  trustProxy: { kind: 'networks', reload: true, default: http.trustedProxies, http: 'trustedProxies',
    help: 'Addresses and networks of proxies before this node, whose X-Forwarded-For tells --publish-rate who the client is.' },
  pipeline: { kind: 'count', reload: true, default: http.pipelineMax, min: 1, max: 65_536, http: 'pipelineMax',
    help: 'Requests on one connection that wait for an answer.' },
  turn: { kind: 'seconds', reload: true, default: http.turnMs / 1000, min: 0.0001, max: 1, http: 'turnMs',
    help: 'At a stretch so long at the most for new connections, for requests sent ahead of their answers or left to node:http, for ends of connections and broken time limits.' },
  headerBytes: { kind: 'bytes', default: http.headerBytes, min: kib, max: mib, http: 'headerBytes',
    help: 'Request line and headers of a request.' },
  headers: { kind: 'count', default: http.headersMax, min: 10, max: 1000, http: 'headersMax',
    help: 'Header lines of a request.' },
  urlBytes: { kind: 'bytes', default: http.urlBytes, min: 256, max: mib, http: 'urlBytes',
    help: 'The target of a request.' },
  headerTimeout: { kind: 'seconds', default: http.headerTimeoutMs / 1000, min: 0.1, max: 3600, http: 'headerTimeoutMs',
    help: 'In which the headers of a request must arrive.' },
  bodyTimeout: { kind: 'seconds', default: http.bodyTimeoutMs / 1000, min: 0.1, max: 3600, http: 'bodyTimeoutMs',
    help: 'In which a whole request must arrive.' },
  writeTimeout: { kind: 'seconds', reload: true, default: http.writeTimeoutMs / 1000, min: 0.1, max: 3600, http: 'writeTimeoutMs',
    help: 'In which an answer must be taken, beside the time that it takes at --write-rate.' },
  writeRate: { kind: 'bytes', reload: true, default: http.writeBytesPerSecond, min: 1, max: gib, http: 'writeBytesPerSecond',
    help: 'Bytes a second that a client must take at the least.' },
  keepAlive: { kind: 'seconds', default: http.keepAliveMs / 1000, min: 1, max: 3600, http: 'keepAliveMs',
    help: 'After which an idle connection is closed; a proxy before it should be the first to close.' },
  inboundBytes: { kind: 'bytes', default: http.inboundBytes, min: kib, max: 64 * gib, http: 'inboundBytes',
    help: 'All request bodies that are being received.' },
  outboundBytes: { kind: 'bytes', default: http.outboundBytes, min: kib, max: gib, http: 'outboundBytes',
    help: 'Answers that one connection has not taken yet, if they are several.' },
  outboundTotalBytes: { kind: 'bytes', default: http.outboundTotalBytes, min: kib, max: 64 * gib, http: 'outboundTotalBytes',
    help: 'Answers that all connections have not taken yet.' },
} as const satisfies Specs

// biome-ignore format: two lines an option read as the table that it is
const peers = {
  peerConnections: { kind: 'count', default: peer.linksMax, min: 1, max: 4096, peer: 'linksMax',
    help: 'Open to other nodes.' },
  peerStrangers: { kind: 'count', default: peer.strangersMax, min: 1, max: 65_536, peer: 'strangersMax',
    help: 'Open to those who have not proven the secret yet.' },
  peerHandshakeTimeout: { kind: 'seconds', default: peer.preauthMs / 1000, min: 0.1, max: 300, peer: 'preauthMs',
    help: 'In which the secret must be proven.' },
  peerSilenceTimeout: { kind: 'seconds', default: peer.silentMs / 1000, min: 0.1, max: 300, peer: 'silentMs',
    help: 'After which a connection on which nothing comes is made anew.' },
  peerRedialInterval: { kind: 'seconds', default: peer.dialMaxMs / 1000, min: 0.2, max: 300, peer: 'dialMaxMs',
    help: 'Between attempts to reach a node that is away, at the most.' },
  peerAddresses: { kind: 'count', default: peer.addressesMax, min: 1, max: 65_536, peer: 'addressesMax',
    help: 'Addresses that are dialled.' },
  peerFrameBytes: { kind: 'bytes', default: peer.frameBytes, min: mib, max: 256 * mib, peer: 'frameBytes',
    help: 'What nodes tell each other at a time; at least --message-bytes and a MiB.' },
  peerQueueBytes: { kind: 'bytes', default: peer.queueBytes, min: mib, max: 16 * gib, peer: 'queueBytes',
    help: 'Waiting for one other node, before it is cut off as too slow.' },
} as const satisfies Specs

// biome-ignore format: two lines an option read as the table that it is
const tryton = {
  trytonListen: { kind: 'databases', default: [], masked: true,
    help: 'Databases of trytond whose notifications are published here; may be given more than once.' },
} as const satisfies Specs

/** As help shows them: a heading, and what stands below it. */
export const groups = {
  'The node': node,
  'The cluster': cluster,
  'On JetStream': log,
  'Who may come in': access,
  'What is kept': retention,
  Publishing: publishing,
  Subscribing: subscribing,
  Streams: streaming,
  Tryton: tryton,
  'Connections of clients': clients,
  'Connections of nodes': peers,
} as const

/** Every option of a node, once: the type, defaults, checks, flags and variables all come from here. */
export const table = {
  ...node,
  ...cluster,
  ...log,
  ...access,
  ...retention,
  ...publishing,
  ...subscribing,
  ...streaming,
  ...tryton,
  ...clients,
  ...peers,
} as const
