import { coreDefaults as core } from '../limits.js'
import type { Specs } from '../option-table.js'

const kib = 2 ** 10
const mib = 2 ** 20
const gib = 2 ** 30

// biome-ignore format: two lines an option read as the table that it is
export const log = {
  log: { kind: 'servers', default: '', blank: true, masked: true, max: 4096,
    help: 'Run on NATS JetStream, at these servers (nats://host:4222,…), and not on the nodes themselves: no peers are needed.' },
  logPrefix: { kind: 'word', default: 'carillon', min: 1, max: 32,
    help: 'What the names of streams and subjects begin with; nodes of the same prefix are of the same site.' },
  logReplicas: { kind: 'count', default: 1, min: 1, max: 5,
    help: 'Servers that keep a stream which a node makes.' },
  logStorage: { kind: 'choice', default: 'file', choices: ['file', 'memory'],
    help: 'Where they keep it.' },
  logSeconds: { kind: 'seconds', default: 0, min: 0, max: 31_536_000,
    help: 'How long they keep messages; 0 is as long as nodes do (--retention-seconds).' },
  logBytes: { kind: 'bytes', default: core.retentionBytes, min: mib, max: 1024 * gib,
    help: 'Bytes of a stream, beyond which its oldest messages go; servers set so much aside for each.' },
  logDuplicates: { kind: 'seconds', default: 120, min: 0.1, max: 3600,
    help: 'How long the servers themselves know what is published again; beyond that the nodes do.' },
  logPageBytes: { kind: 'bytes', default: mib, min: kib, max: 64 * mib,
    help: 'Fetched at a time for readers of what nodes do not keep any more; one message always fits.' },
  logDatabases: { kind: 'count', default: core.databasesMax, min: 1, max: 65_536, core: 'databasesMax',
    help: 'Databases, each of which has a stream.' },
  logCredentials: { kind: 'text', default: '', blank: true,
    help: 'A file with credentials of NATS (.creds).' },
  logTokenFile: { kind: 'text', default: '', blank: true,
    help: 'A file with the token that the servers ask for.' },
  logTlsCa: { kind: 'text', default: '', blank: true,
    help: 'A file with the certificates (PEM) of who signs those of the servers.' },
  logTlsCert: { kind: 'text', default: '', blank: true,
    help: 'A file with the certificate (PEM) that the servers are shown.' },
  logTlsKey: { kind: 'text', default: '', blank: true,
    help: 'A file with the key (PEM) of that certificate.' },
} as const satisfies Specs
