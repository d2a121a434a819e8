import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { Shown } from './views.js'

interface Parts {
  readonly title: string
  readonly style: string
  readonly body: string
  readonly script: string
  /** Where it may connect to, beside the node that it comes from. */
  readonly connects?: string
}

const digest = (text: string): string => createHash('sha256').update(text).digest('base64')

/**
 * Only the script and the style that stand in it are run, and no text becomes markup: whatever is wrong with a page,
 * what clients call their channels and write into messages stays text.
 */
const policy = ({ style, script, connects }: Parts): string =>
  [
    "default-src 'none'",
    `style-src 'sha256-${digest(style)}'`,
    `script-src 'sha256-${digest(script)}'`,
    `connect-src 'self'${connects === undefined ? '' : ` ${connects}`}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')

const bell =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%232f6fd6' d='M8 1a5 5 0 0 0-5 5v4l-1.5 2h13L13 10V6a5 5 0 0 0-5-5zM6 13a2 2 0 0 0 4 0z'/%3E%3C/svg%3E"

const htmlOf = ({ title, style, body, script }: Parts): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="${bell}">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
${body.trim()}
<script>${script}</script>
</body>
</html>
`

const isNamed = (etag: string, header = ''): boolean =>
  header.split(',').some((item) => item.trim().replace(/^W\//, '') === etag.slice(2))

const takesGzip = (header = ''): boolean =>
  header.split(',').some((item) => {
    const [name = '', weight = ''] = item
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/)
    return name === 'gzip' && !/^q=0(?:\.0*)?$/.test(weight)
  })

/** A page in one file, which needs nothing from elsewhere: with its policy, its tag, and compressed once for all. */
export class Document {
  readonly etag: string
  readonly #text: Buffer
  readonly #gzip: Buffer
  readonly #headers: readonly string[]

  constructor(parts: Parts) {
    const html = htmlOf(parts)
    this.#text = Buffer.from(html)
    this.#gzip = gzipSync(this.#text, { level: 9 })
    // Weak: it is the same for the page and for the page compressed.
    this.etag = `W/"${digest(html).slice(0, 22)}"`
    this.#headers = [
      ...['Content-Type', 'text/html; charset=utf-8', 'Cache-Control', 'no-cache', 'Vary', 'Accept, Accept-Encoding'],
      ...['X-Content-Type-Options', 'nosniff', 'Referrer-Policy', 'no-referrer'],
      ...['Content-Security-Policy', policy(parts)],
    ]
  }

  /** For who asks with these headers: the page, or that what is there is still good. */
  answer(headers: IncomingHttpHeaders): Shown {
    const tagged = [...this.#headers, 'ETag', this.etag]
    if (isNamed(this.etag, headers['if-none-match'])) return { status: 304, headers: tagged, body: '' }
    return { ...this.plain(headers), headers: [...tagged, ...this.#encoding(headers)] }
  }

  /** Not to be kept. */
  plain(headers: IncomingHttpHeaders): Shown {
    const body = takesGzip(headers['accept-encoding']) ? this.#gzip : this.#text
    return { headers: [...this.#headers, ...this.#encoding(headers)], body }
  }

  #encoding(headers: IncomingHttpHeaders): readonly string[] {
    return takesGzip(headers['accept-encoding']) ? ['Content-Encoding', 'gzip'] : []
  }
}
