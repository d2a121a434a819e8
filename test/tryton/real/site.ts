import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, host } from '../../support/free-port.js'
import { isRoot, postgresBin } from './debian.js'
import { Leash } from './leash.js'
import { run, Service } from './service.js'

export const database = 'tryton'
export const password = 'a password for tests'

const proxyFile = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../proxies/${name}`, import.meta.url)), 'utf8')

export const classFolder = fileURLToPath(new URL('../../../src/tryton', import.meta.url))

interface Teardown {
  teardown(end: () => Promise<void>): void
}

/** What a `[bus]` section may say. */
export interface BusSection {
  readonly [option: string]: string | number | boolean
}

const user = ['--reuid', 'postgres', '--regid', 'postgres', '--init-groups']

/** PostgreSQL does not run as root. setpriv becomes what it starts, so that a signal to it comes to PostgreSQL. */
const asPostgres = (file: string, args: readonly string[]): { file: string; args: readonly string[] } =>
  isRoot ? { file: 'setpriv', args: [...user, '--', file, ...args] } : { file, args }

/** A Tryton site of its own: a database server, trytond and proxies, all in one folder that is removed after the tests. */
export class Site {
  readonly folder = mkdtempSync(join(tmpdir(), 'carillon-tryton-'))
  readonly #services: Service[] = []
  readonly #leash = new Leash(this.folder)
  #postgresPort = 0

  private constructor() {}

  /** Without a database server. */
  static bare(t: Teardown): Site {
    const site = new Site()
    t.teardown(() => site.close())
    return site
  }

  static async found(t: Teardown): Promise<Site> {
    const site = Site.bare(t)
    await site.#startPostgres()
    site.#makeDatabase()
    return site
  }

  get databaseUrl(): string {
    return `postgresql://postgres@${host}:${this.#postgresPort}`
  }

  /** A file in the site's folder. */
  write(name: string, text: string): string {
    const file = join(this.folder, name)
    writeFileSync(file, text, { mode: 0o644 })
    return file
  }

  configuration(name: string, port: number, bus: BusSection): string {
    const options = Object.entries(bus).map(([option, value]) => `${option} = ${value}`)
    return this.write(
      `${name}.conf`,
      [
        `[database]\nuri = ${this.databaseUrl}/`,
        `[web]\nlisten = ${host}:${port}\nroot = /usr/share/tryton-sao/www`,
        `[bus]\n${options.join('\n')}\n`,
      ].join('\n'),
    )
  }

  async trytond(name: string, bus: BusSection): Promise<{ url: string; service: Service; file: string }> {
    const port = await freePort()
    const file = this.configuration(name, port, bus)
    const command = { name, file: '/usr/bin/trytond', args: ['-c', file, '-d', database] }
    const service = await this.start({ ...command, env: { PYTHONPATH: classFolder } }, port)
    return { url: `http://${host}:${port}`, service, file }
  }

  /** nginx as the README has it, but for the ports; or with another configuration. */
  async nginx(nodes: readonly string[], trytond: string, text = proxyFile('nginx.conf')): Promise<string> {
    const port = await freePort()
    const server = adapted(text, port, nodes, trytond)
    const events = `pid ${this.folder}/nginx.pid;\nerror_log stderr;\nevents {}\n`
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((kind) => `${kind}_temp_path ${this.folder}/nginx-${kind};`)
      .join('\n')
    const types = 'include /etc/nginx/mime.types;\naccess_log off;\n'
    const file = this.write('nginx.conf', `${events}http {\n${types}${temporary}\n${server}}\n`)
    await this.start({ name: 'nginx', file: '/usr/sbin/nginx', args: ['-c', file, '-g', 'daemon off;'] }, port)
    return `http://${host}:${port}`
  }

  async haproxy(nodes: readonly string[], trytond: string, text = proxyFile('haproxy.cfg')): Promise<string> {
    const port = await freePort()
    const file = this.write('haproxy.cfg', adapted(text, port, nodes, trytond))
    await this.start({ name: 'haproxy', file: '/usr/sbin/haproxy', args: ['-db', '-f', file] }, port)
    return `http://${host}:${port}`
  }

  async start(command: ConstructorParameters<typeof Service>[0], port: number): Promise<Service> {
    const service = new Service(command)
    this.#services.push(service)
    this.#leash.hold(service.pid)
    return await service.listens(port)
  }

  async close(): Promise<void> {
    for (const service of this.#services.reverse()) await service.end()
    this.#leash.drop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  async #startPostgres(): Promise<void> {
    this.#postgresPort = await freePort()
    const data = join(this.folder, 'postgres')
    mkdirSync(data)
    chmodSync(this.folder, 0o755)
    if (isRoot) run({ name: 'chown', file: 'chown', args: ['postgres', data] })
    const bin = postgresBin()
    const init = asPostgres(`${bin}/initdb`, ['-D', `${data}/db`, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8'])
    run({ name: 'initdb', ...init })
    const settings = [`listen_addresses=${host}`, `port=${this.#postgresPort}`, `unix_socket_directories=${data}`]
    const fast = ['fsync=off', 'synchronous_commit=off', 'max_connections=200']
    const flags = [...settings, ...fast].flatMap((each) => ['-c', each])
    const command = asPostgres(`${bin}/postgres`, ['-D', `${data}/db`, ...flags])
    await this.start({ name: 'postgres', ...command }, this.#postgresPort)
  }

  #makeDatabase(): void {
    const where = ['-h', host, '-p', `${this.#postgresPort}`, '-U', 'postgres']
    run({ name: 'createdb', file: `${postgresBin()}/createdb`, args: [...where, database] })
    const file = this.configuration('admin', 0, {})
    const passwordFile = this.write('password', password)
    const args = ['-c', file, '-d', database, '--all', '--email', 'admin@example.org', '-p']
    run({ name: 'trytond-admin', file: '/usr/bin/trytond-admin', args, env: { TRYTONPASSFILE: passwordFile } })
  }
}

/** The ports in the files are the usual ones; here each is one that is free. */
const adapted = (text: string, port: number, nodes: readonly string[], trytond: string): string => {
  const hosts = nodes.map((url) => new URL(url).host)
  return text
    .replace(/127\.0\.0\.1:740(\d)/g, (_, i) => hosts[Number(i)] ?? '')
    .replace('127.0.0.1:8000', new URL(trytond).host)
    .replace('127.0.0.1:8080', `${host}:${port}`)
}
