import { Session } from 'node:inspector/promises'

/**
 * Counts what is done instead of how long it takes: how often any block of the sources (a function, a branch, the body
 * of a loop) is entered. It is the same on every machine, however busy. A function is counted in full only if it is
 * compiled after this was started, so what is to be counted must be imported later.
 */
export class Work {
  readonly #session = new Session()

  async start(): Promise<void> {
    this.#session.connect()
    await this.#session.post('Profiler.enable')
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Blocks entered in files below `folder` while it runs. */
  async of(run: () => void, folder = '/src/'): Promise<number> {
    await this.#session.post('Profiler.takePreciseCoverage')
    run()
    const { result } = await this.#session.post('Profiler.takePreciseCoverage')
    return result
      .filter(({ url }) => url.startsWith('file:') && url.includes(folder) && !url.includes('/node_modules/'))
      .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
      .reduce((sum, { count }) => sum + count, 0)
  }

  /** From here on the code runs as fast as it can again. */
  async stop(): Promise<void> {
    await this.#session.post('Profiler.stopPreciseCoverage')
    this.#session.disconnect()
  }
}
