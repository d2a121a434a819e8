import { readFileSync } from 'node:fs'
import { test } from 'tap'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

test('the README shows the proxies as they are tested', (t) => {
  const readme = read('../../README.md')
  for (const [kind, file] of [
    ['nginx', 'nginx.conf'],
    ['haproxy', 'haproxy.cfg'],
  ] as const) {
    const tested = read(`proxies/${file}`).replace(/^#.*\n\n/, '')
    t.ok(readme.includes(`\`\`\`${kind}\n${tested}\`\`\``), file)
  }
  t.end()
})
