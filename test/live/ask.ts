import { Agent, request } from 'node:http'

export interface Reply {
  readonly status: number
  readonly text: string
}

const agent = new Agent({ keepAlive: true })

/** One request to one server; rejects when no whole answer comes within the time. */
export const ask = (
  url: string,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  timeoutMs = 4000,
): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers =
      text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
    const asked = request(url + path, { method, agent, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
      response.on('error', reject)
    })
    const timer = setTimeout(() => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    asked.on('close', () => clearTimeout(timer))
    asked.on('error', reject)
    asked.end(text)
  })

/** Lets go of the connections that are kept open. */
export const hangUp = (): void => agent.destroy()
