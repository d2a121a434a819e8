import type { Test } from 'tap'
import { ask } from '../live/ask.js'
import { Cli } from './cli.js'

/** `carillon cluster`, started as somebody would, with what it has said of itself. */
export class Bells {
  readonly urls: readonly string[]

  private constructor(readonly cli: Cli) {
    this.urls = [...cli.stdout.matchAll(/^node-\d+ {2}(http:\S+)$/gm)].map((match) => match[1] ?? '')
  }

  static async ring(t: Test, size: number, program?: string, more: readonly string[] = []): Promise<Bells> {
    const args = ['cluster', '--nodes', `${size}`, '--port', '0', '--peer-port', '0', ...more]
    const cli = new Cli(args, {}, 'detached', program)
    t.teardown(() => {
      cli.process.kill('SIGTERM')
      return cli.ended
    })
    await cli.shows(/npx carillon publish hello .*\n/)
    return new Bells(cli)
  }

  /** The process that is this node at present. */
  pid(name: string): number {
    const lives = [...this.cli.stderr.matchAll(new RegExp(`^${name} \\| .* started .*pid=(\\d+)`, 'gm'))]
    return Number(lives.at(-1)?.[1])
  }

  /** Its streams are closed by the last process that holds them, so this is so when none is left. */
  async ended(): Promise<{ readonly code: number | null; readonly ms: number }> {
    const start = performance.now()
    const { code } = await this.cli.ended
    for (const url of this.urls) {
      const up = await ask(url, 'GET', '/livez').then(
        () => true,
        () => false,
      )
      if (up) throw new Error(`${url} is still up`)
    }
    return { code, ms: performance.now() - start }
  }
}
