import { createHash } from 'node:crypto'
import { makeStreamId, type NodeId } from '../log/node-id.js'

/** What may stand as it is in the name of a stream and in a subject. An underscore begins what does not. */
const plain = /^[A-Za-z0-9-][A-Za-z0-9_-]{0,63}$/
/** File systems take names of 255 bytes, and NATS makes directories of them. */
const encodedMax = 160

const tokenOf = (database: string): string => {
  if (plain.test(database)) return database
  const text = Buffer.from(database).toString('base64url')
  return text.length <= encodedMax ? `_${text}` : `__${createHash('sha256').update(database).digest('base64url')}`
}

export const streamOf = (prefix: string, database: string): string => `${prefix}_${tokenOf(database)}`

/** All messages of a database have one subject: a batch may go to several channels, and is one message of the stream. */
export const subjectOf = (prefix: string, database: string): string => `${prefix}.db.${tokenOf(database)}`

export const subjectsOf = (prefix: string): string => `${prefix}.db.*`

/** Where nodes tell each other that they are there. */
export const presenceOf = (prefix: string): string => `${prefix}.nodes`

const described = 'Carillon: '

export const describe = (database: string): string => `${described}${database}`.slice(0, 4000)

export const databaseOf = (description: string | undefined): string | undefined =>
  description?.startsWith(described) ? description.slice(described.length) : undefined

/** A stream that was deleted and made anew has another time of creation, and so another identity. */
export const identityOf = (name: string, created: string): NodeId => {
  const digest = createHash('sha256').update(`${name}\n${created}`).digest()
  return makeStreamId(Date.parse(created), digest.readUIntBE(0, 6) % 2 ** 36)
}
