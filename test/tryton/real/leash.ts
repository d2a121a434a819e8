import { type ChildProcess, spawn } from 'node:child_process'

/** Reads process ids until this process is no more; then ends those, gently at first, and removes their folder. */
const script = `
pids=$(cat)
kill -INT $pids
for i in $(seq 100); do kill -0 $pids || break; sleep 0.1; done
kill -KILL $pids
rm -rf "$1"
`

/** What a test has started ends, too, when the test is killed and its teardown never comes to pass. */
export class Leash {
  readonly #watcher: ChildProcess

  /** In a group of its own: Ctrl-C, which ends the test, must not end it. */
  constructor(folder: string) {
    this.#watcher = spawn('sh', ['-c', script, 'leash', folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
  }

  hold(pid: number): void {
    this.#watcher.stdin?.write(`${pid}\n`)
  }

  /** When all of them have ended: their numbers may soon be those of others. */
  drop(): void {
    this.#watcher.kill('SIGKILL')
  }
}
