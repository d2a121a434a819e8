import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { test } from 'tap'
import ts from 'typescript'
import { asyncapi, eventData, replyFrames, requestFrames } from '../../src/api/asyncapi.js'
import { openapi } from '../../src/api/openapi.js'
import type { Schema } from '../../src/api/schemas.js'
import { httpDefaults } from '../../src/http/limits.js'
import { statuses } from '../../src/http/refusal.js'
import { routeOf, routes } from '../../src/http/route.js'

const at = (document: unknown, ...path: readonly string[]): Schema =>
  path.reduce((value, name) => (value as Schema)[name] as Schema, document as Schema)

const api = openapi(httpDefaults)

test('every route is described, and nothing else', (t) => {
  t.same(Object.keys(at(api, 'paths')).sort(), routes.map(({ path }) => path).sort())
  for (const { path, methods } of routes) {
    t.same(
      Object.keys(at(api, 'paths', path)),
      methods.map((method) => method.toLowerCase()),
      path,
    )
    t.ok(routeOf(path.replace('{database}', 'main'), httpDefaults), `${path} is there`)
  }
  t.end()
})

test('every status of a refusal stands somewhere, with its codes', (t) => {
  const documented = new Map<string, string>()
  for (const { path, methods } of routes)
    for (const method of methods)
      for (const [status, { description }] of Object.entries(
        at(api, 'paths', path, method.toLowerCase(), 'responses'),
      ) as [string, Schema][])
        documented.set(status, String(description))
  for (const [code, status] of Object.entries(statuses))
    if (status < 500 || status === 503) t.match(documented.get(`${status}`), code, `${status} ${code}`)
  t.end()
})

/** The members that a class in this file takes, as `take` names them. */
const taken = (file: string, name: string): string[] => {
  const path = fileURLToPath(new URL(`../../src/${file}`, import.meta.url))
  const tree = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2023, true)
  const found: string[] = []
  const visit = (node: ts.Node, inside: boolean): void => {
    const within = inside || (ts.isClassDeclaration(node) && node.name?.text === name)
    if (within && ts.isCaseClause(node) && ts.isStringLiteral(node.expression)) found.push(node.expression.text)
    if (
      within &&
      ts.isBinaryExpression(node) &&
      /^(key|name) === '/.test(node.getText()) &&
      ts.isStringLiteral(node.right)
    )
      found.push(node.right.text)
    ts.forEachChild(node, (child) => visit(child, within))
  }
  visit(tree, false)
  return [...new Set(found)]
}

const propertiesOf = (name: string): string[] => Object.keys(at(api, 'components', 'schemas', name, 'properties'))

test('every field of a request is described, and nothing else', (t) => {
  const item = taken('http/publish.ts', 'ItemFields')
  const terms = taken('http/publish.ts', 'PublishFields')
  const cases: readonly (readonly [name: string, fields: readonly string[]])[] = [
    ['PublishOne', [...item, ...terms.filter((field) => field !== 'messages')]],
    ['PublishMany', terms],
    ['Poll', taken('http/poll.ts', 'PollFields')],
    ['Bus', taken('http/poll.ts', 'BusFields')],
    ['Notify', taken('http/notify.ts', 'NotifyFields')],
  ]
  for (const [name, fields] of cases) {
    t.not(fields.length, 0)
    t.same(propertiesOf(name).sort(), [...fields].sort(), name)
  }
  t.same(taken('stream/requests.ts', 'RequestFields').sort(), ['id', 'type'])
  t.same(taken('stream/requests.ts', 'ChannelFields').sort(), ['channels', 'from'])
  t.end()
})

test('all schemas can be used, and all that they refer to is there', (t) => {
  const { components } = asyncapi(httpDefaults)
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true })
  ajv.addVocabulary(['components'])
  const all = [...Object.values({ ...eventData(), ...replyFrames(), ...requestFrames() })]
  for (const schema of all) t.ok(ajv.compile({ ...schema, components }))
  t.end()
})
