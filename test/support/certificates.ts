import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const openssl = (folder: string, ...args: readonly string[]): void => {
  execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
}

export interface Certificate {
  readonly cert: string
  readonly key: string
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']

/** A CA, and files with what it signs. Node has nothing to make certificates with. */
export class Authority {
  constructor(
    readonly folder: string,
    readonly name: string,
  ) {
    openssl(folder, 'req', '-x509', ...newKey, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`)
  }

  get file(): string {
    return join(this.folder, `${this.name}.pem`)
  }

  get pem(): string {
    return readFileSync(this.file, 'utf8')
  }

  issue(name: string, address = '127.0.0.1'): Certificate {
    const [key, request, cert] = [`${name}.key`, `${name}.csr`, `${name}.pem`]
    const names = ['-addext', `subjectAltName=IP:${address}`]
    openssl(this.folder, 'req', ...newKey, '-subj', `/CN=${name}`, ...names, '-keyout', key, '-out', request)
    const signer = [
      '-CA',
      `${this.name}.pem`,
      '-CAkey',
      `${this.name}.key`,
      '-CAcreateserial',
      '-copy_extensions',
      'copy',
    ]
    openssl(this.folder, 'x509', '-req', '-in', request, ...signer, '-days', '2', '-out', cert)
    return { cert: join(this.folder, cert), key: join(this.folder, key) }
  }
}
