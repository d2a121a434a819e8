import { existsSync, readFileSync } from 'node:fs'
import { Document } from './document.js'

/** What the build makes of `src/page`: beside what runs, or in `dist` when the sources themselves are run. */
const folders = ['../../page/', '../../dist/page/'].map((path) => new URL(path, import.meta.url))

const read = (name: string): string => {
  const folder = folders.find((each) => existsSync(new URL(name, each)))
  if (!folder) throw new Error(`${name} of the status page is missing: npm run build makes it`)
  return readFileSync(new URL(name, folder), 'utf8')
}

let made: Document | undefined

/** The status page, read when it is first asked for. It may connect to the other nodes, which it goes on with when this one dies. */
export const page = (): Document => {
  made ??= new Document({
    title: 'Carillon',
    style: read('page.css'),
    body: read('page.html'),
    script: read('page.js'),
    connects: 'http: https:',
  })
  return made
}
