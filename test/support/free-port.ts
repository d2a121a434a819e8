import { createServer } from 'node:net'

export const host = '127.0.0.1'

/** A port that was free a moment ago, for what has to know its port before it starts, or is to find it again. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, host, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
