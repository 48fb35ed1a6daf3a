import { describe, expect, test } from 'vitest'
import type { Node } from '../../functions/_http/node.ts'
import { schemasOf } from '../../functions/_http/request-schemas.ts'
import { createApp } from '../../functions/index.ts'
import { documentOf, templateOf } from '../../functions/openapi/document.ts'
import { FUNCTIONS } from '../../functions/openapi/functions.ts'
import { READS } from '../../functions/openapi/reads.ts'
import { type OpenApi, type Operation, operationsOf } from './documented.ts'

// Only the routes are looked at; no request is made.
const app = createApp({} as unknown as Node, { full: 'full-token', read: 'read-token' })
const routes = app.routes.filter(({ method }) => method !== 'ALL')
const document = documentOf(app.routes, '1.2.3') as unknown as OpenApi
const operations = operationsOf(document).map(({ method, path, operation }) => ({
  name: `${method} ${path}`,
  operation,
}))
const of = (method: string, path: string): Operation => {
  const operation = document.paths[path]?.[method]
  if (operation === undefined) throw new Error(`no ${method} ${path} in the document`)
  return operation
}

describe('the OpenAPI document', () => {
  test('has every route of the router and no other', () => {
    const served = routes.map(({ method, path }) => `${method} ${templateOf(path)}`)
    expect(operations.map(({ name }) => name).sort()).toEqual(served.sort())
  })

  test('describes no route that the router does not have', () => {
    const served = routes.map(({ method, path }) => `${method} ${path}`)
    expect([...Object.keys(READS), ...Object.keys(FUNCTIONS)].sort()).toEqual(served.sort())
  })

  test.each(operations)('$name has one sentence, its access and its refusals', ({ operation }) => {
    expect(operation.summary).toMatch(/^[A-Z].*\.$/)
    expect(operation.description).not.toBe('')
    for (const { description } of Object.values(operation.responses)) expect(description).toMatch(/\.$/)
    expect(operation.responses['500']).toBeDefined()
  })

  test('names each operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('says of every function which body it takes, with an example that the function accepts', () => {
    const posts = routes.filter(({ method, path }) => method === 'POST' && !/^\/log(in|out)$|\/form$/.test(path))
    expect(posts.length).toBeGreaterThan(15)
    for (const { path, handler } of posts) {
      const { body } = schemasOf(handler)
      const example = of('post', templateOf(path)).requestBody?.content['application/json']?.example
      expect(body?.safeParse(example).success, path).toBe(true)
    }
  })

  test('shows a parameter as the one value that it may have', () => {
    const { parameters = [] } = of('get', '/queue')
    expect(parameters.map(({ name }) => name)).toEqual([
      'dataset',
      'state',
      'symbol',
      'from',
      'to',
      'limit',
      'forecast',
    ])
    expect(parameters.find(({ name }) => name === 'limit')?.schema).toEqual({
      type: 'integer',
      minimum: 1,
      maximum: 1000,
    })
    expect(parameters.find(({ name }) => name === 'from')?.schema).toEqual({ type: 'string', format: 'date' })
  })

  test('shows a body as a caller sends it: instants as texts, and nothing required that has a default', () => {
    const { schema } = of('post', '/enqueue').requestBody!.content['application/json']!
    expect(schema).toMatchObject({
      required: ['dataset', 'symbols', 'from', 'to'],
      additionalProperties: false,
      properties: { at: { type: 'string', format: 'date-time' }, from: { format: 'date' } },
    })
  })

  test('states the access that the authentication demands', async () => {
    const scopeOf = (method: string, path: string) => of(method, path).security.flatMap(({ bearer }) => bearer)
    expect(scopeOf('get', '/readyz')).toEqual([])
    expect(scopeOf('get', '/openapi.json')).toEqual(['read'])
    expect(scopeOf('post', '/exports/{asof}/ack')).toEqual(['read'])
    expect(scopeOf('post', '/audit')).toEqual(['write'])
    const ask = (path: string, token?: string) =>
      app.request(path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
    expect((await ask('/openapi.json')).status).toBe(401)
    expect((await ask('/openapi.json', 'read-token')).status).toBe(200)
  })

  test('lists 503 for what the write gate holds back, and not for what only reads', () => {
    expect(of('post', '/audit').responses).toHaveProperty('503')
    expect(of('post', '/verify').responses).not.toHaveProperty('503')
    expect(of('get', '/status').responses).not.toHaveProperty('503')
  })
})
