import { createRequire } from 'node:module'

const manifest: { readonly version: string } = createRequire(import.meta.url)('carillon/package.json')

/** Of this package. */
export const { version } = manifest
