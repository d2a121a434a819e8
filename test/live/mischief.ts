import { pack } from 'msgpackr'
import { encode } from '../../src/peer/codec.js'
import { unannounced } from '../../src/peer/protocol.js'
import { closeCodes } from '../../src/peer/refusal.js'
import { heartbeat, idOf } from '../peer/support.js'
import { get, post, upgrade } from './assault.js'

/** What goes over the wire of the client port, and the status that comes back before the connection is closed. */
type Row = readonly [name: string, bytes: string | Buffer, status: number]

const wanted = '{"channels":["a"],"timeout":0}'
const message = (data: string, channel = '"a"'): string => `{"channel":${channel},"message":${data}}`
const chunked = 'Transfer-Encoding: chunked'
const nest = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`

export const http: readonly Row[] = [
  ['garbage', 'garbage\r\n\r\n', 400],
  ['TLS', Buffer.from('16030100a5010000a10303', 'hex'), 400],
  ['a method that is none', 'PUSH / HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['HTTP/9.9', 'GET /livez HTTP/9.9\r\nHost: h\r\n\r\n', 400],
  ['no Host', 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
  ['two lengths', post('/main/bus', wanted, 'Content-Length: 30', 'Content-Length: 31'), 400],
  ['length and chunks', post('/main/bus', '0\r\n\r\n', 'Content-Length: 5', chunked), 400],
  ['a bad chunk', post('/main/bus', 'zz\r\n', chunked), 400],
  ['NUL', get('/livez', 'X: a\0b'), 400],
  ['bare LF', 'GET /livez HTTP/1.1\nHost: h\n\n', 400],
  ['a folded header', get('/livez', 'X: a\r\n b'), 400],
  ['a space before the colon', get('/livez', 'X : a'), 400],
  ['a negative length', post('/main/bus', '', 'Content-Length: -1'), 400],
  ['long headers', get('/livez', `X: ${'x'.repeat(20_000)}`), 431],
  ['a long URL', get(`/${'x'.repeat(20_000)}`), 431],
  ['2,500 headers', get('/livez', 'Connection: close', ...Array.from({ length: 2500 }, () => 'a:')), 431],
  ['headers that never end', 'GET /livez HTTP/1.1\r\nHost: h\r\nX: ', 408],
  ['a body that never ends', post('/main/bus', '{', 'Content-Length: 10'), 408],
  ['a body too large, as it says', post('/main/bus/poll', '', 'Content-Length: 2000000'), 413],
  [
    'a body too large, in chunks',
    post('/main/bus/poll', `200000\r\n${'x'.repeat(2 ** 21)}\r\n0\r\n\r\n`, chunked),
    413,
  ],
  ['a message too large', post('/main/bus/publish', message(`{"d":"${'x'.repeat(2 ** 20)}"}`)), 413],
  ['gzip', post('/main/bus', Buffer.from('1f8b0800', 'hex'), 'Content-Encoding: gzip'), 415],
  ['Expect', post('/main/bus', wanted, 'Expect: 200-ok'), 417],
  ['an upgrade where there is none', upgrade(undefined, 'GET /main/bus HTTP/1.1'), 404],
  ['an unknown path', get('/nowhere', 'Connection: close'), 404],
  ['a method not for this path', get('/main/bus/poll', 'Connection: close'), 405],
  ['a form', post('/main/bus', wanted, 'Content-Type: application/x-www-form-urlencoded'), 415],
  ['no body', post('/main/bus', ''), 400],
  ['no JSON', post('/main/bus', '{'), 400],
  ['a BOM', post('/main/bus', `\ufeff${wanted}`), 400],
  ['bytes behind', post('/main/bus', `${wanted} x`), 400],
  ['a list', post('/main/bus/poll', '[]'), 400],
  ['deep JSON', post('/main/bus/publish', message(`{"d":${nest(10_000)}}`)), 400],
  ['JSON one level too deep', post('/main/bus/publish', message(`{"d":${nest(63)}}`)), 400],
  ['overlong UTF-8', post('/main/bus/publish', Buffer.from(message('{"d":"\xc0\xaf"}'), 'latin1')), 400],
  ['a lone surrogate', post('/main/bus/publish', message('{}', '"\\udead"')), 400],
  ['no channel name', post('/main/bus/publish', message('{}', '""')), 400],
  ['a long channel name', post('/main/bus/publish', message('{}', `"${'é'.repeat(129)}"`)), 400],
  ['a control character', post('/main/bus/publish', message('{}', '"a\\u0007"')), 400],
  ['%00', post('/%00/bus', wanted), 400],
  ['%ZZ', post('/%ZZ/bus', wanted), 400],
  ['dots', post('/../bus', wanted), 400],
  ['a message that is no object', post('/main/bus/publish', message('7')), 400],
  ['limit -1', post('/main/bus/poll', '{"channels":["a"],"limit":-1}'), 400],
  ['limit 1e9', post('/main/bus/poll', '{"channels":["a"],"limit":1e9}'), 400],
  ['limit NaN', post('/main/bus/poll', '{"channels":["a"],"limit":NaN}'), 400],
  ['a timeout that is infinite', post('/main/bus/poll', '{"channels":["a"],"timeout":1e400}'), 400],
  ['too many channels', post('/main/bus/poll', `{"channels":[${'"a",'.repeat(1000)}"a"]}`), 400],
  [
    'too many messages',
    post('/main/bus/publish', `{"messages":[${`${message('{}')},`.repeat(1000)}${message('{}')}]}`),
    400,
  ],
  ['a long key', post('/main/bus/publish', message('{}'), `Idempotency-Key: ${'k'.repeat(300)}`), 400],
  ['a cursor of another making', post('/main/bus/poll', '{"channels":["a"],"cursor":"0000-1"}'), 400],
  ['a cursor too long', post('/main/bus/poll', `{"channels":["a"],"cursor":"1.${'0'.repeat(2000)}"}`), 400],
  ['a notification for nobody', post('/main/bus/notify', '{"title":"t"}'), 400],
  ['__proto__ as a channel', post('/main/bus/poll', '{"channels":["__proto__","constructor"],"timeout":0}'), 200],
  ['__proto__ as a database', post('/__proto__/bus/poll', wanted), 200],
  ['__proto__ as a field', post('/main/bus/poll', '{"channels":["a"],"timeout":0,"__proto__":{"limit":-1}}'), 200],
]

/** The same for the peer port, before there is a WebSocket. */
export const peerHttp: readonly Row[] = [
  ['TLS', Buffer.from('160301020001', 'hex'), 400],
  ['a request', get('/'), 426],
  ['an upgrade by POST', upgrade(undefined, 'POST / HTTP/1.1'), 405],
  ['version 99', upgrade(['Sec-WebSocket-Version: 99']), 400],
  ['a bad key', upgrade(undefined, undefined, 'short'), 400],
  ['a web page', upgrade(['Sec-WebSocket-Version: 13', 'Origin: http://localhost']), 403],
  ['large headers', upgrade([`X: ${'x'.repeat(5000)}`]), 431],
]

/** Bytes behind a good upgrade, and the code of the close. */
export const frames: readonly (readonly [name: string, hex: string, code: number])[] = [
  ['unmasked', '82 01 00', 1002],
  ['a reserved bit', 'c2 80 00000000', 1002],
  ['an unknown opcode', '83 80 00000000', 1002],
  ['a long ping', '89 fe 007e 00000000', 1002],
  ['a fragmented ping', '09 80 00000000', 1002],
  ['a stray continuation', '80 80 00000000', 1002],
  ['a close of one byte', '88 81 00000000 03', 1002],
  ['a close with 1005', '88 82 00000000 03ed', 1002],
  ['bad UTF-8', '81 82 00000000 c0af', 1007],
  ['a length of 2^63', '82 ff 8000000000000000 00000000', 1009],
  ['endless fragments', `02 81 00000000 00 ${'00 81 00000000 00 '.repeat(80)}`, 1008],
]

const fields = [idOf(2), 'n', 'x:1', Buffer.alloc(32)]

/** First frames of strangers. */
export const greetings: readonly (readonly [name: string, frame: Uint8Array | string, code: number])[] = [
  ['text', 'hello', closeCodes.badFrame],
  ['0xc1', Buffer.from('c1c1c1', 'hex'), closeCodes.badFrame],
  ['a bomb', Buffer.from('dd7fffffff'.repeat(100), 'hex'), closeCodes.badFrame],
  ['a message before its time', encode(heartbeat), closeCodes.badFrame],
  ['too much', Buffer.alloc(5000), closeCodes.badFrame],
  ['another cluster', pack(['carillon', unannounced.max, 'other', ...fields]), closeCodes.wrongCluster],
  ['another version', pack(['carillon', unannounced.max + 1, 'test', ...fields]), closeCodes.wrongVersion],
]

/** Frames of one who has proven the secret. */
export const betrayals: readonly (readonly [name: string, frame: Uint8Array | string, code: number])[] = [
  ['text', 'hello', closeCodes.badFrame],
  ['an unknown message', pack([99]), closeCodes.badFrame],
  ['nesting without end', Buffer.from('91'.repeat(5000), 'hex'), closeCodes.badFrame],
  ['nested arrays of billions', Buffer.from('dd7fffffff'.repeat(1000), 'hex'), closeCodes.badFrame],
  ['an extension type', Buffer.from('91d60000000000', 'hex'), closeCodes.badFrame],
  ['overlong UTF-8', Buffer.from('91a2c0af', 'hex'), closeCodes.badFrame],
  ['bytes behind', Buffer.concat([encode(heartbeat), Buffer.from('00', 'hex')]), closeCodes.badFrame],
  ['half of a message', encode(heartbeat).subarray(0, -1), closeCodes.badFrame],
  ['a frame too large', Buffer.alloc(5 * 2 ** 20), 1009],
]
