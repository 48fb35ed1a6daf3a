/** The OpenAPI document of the routes that the router has: what their handlers check, who may call them, and what they return. Pure. */
import type { RouterRoute } from 'hono/types'
import { z } from 'zod'
import { accessNeeded } from '../_http/auth.ts'
import { schemasOf } from '../_http/request-schemas.ts'
import { mayWrite } from '../_http/write-gate.ts'
import { Refusal } from './answers/ending.ts'
import { FUNCTIONS } from './functions.ts'
import { PATH_PARTS } from './path-parts.ts'
import { READS } from './reads.ts'
import type { Route } from './route.ts'

type Json = Record<string, unknown>

const ROUTES: Record<string, Route> = { ...READS, ...FUNCTIONS }

const MEANINGS: Record<number, string> = {
  200: 'It went well.',
  202: 'It has begun.',
  206: 'The part that the header Range asks for.',
  303: 'See the address in the header Location.',
  304: 'What the caller has is what there is.',
  307: 'Ask the address in the header Location.',
  400: 'The request cannot be carried out as it stands; the sentence names each field at fault.',
  401: 'No token, or one that is not known.',
  403: 'The token may only read, or the request comes from another site.',
  404: 'No such thing here.',
  409: 'What is there stands against it.',
  412: 'No version has the hash that If-Match names.',
  413: 'The body is larger than 1 MiB.',
  416: 'The range lies behind the end of the file.',
  429: 'Too many attempts; the header Retry-After says when to try again.',
  500: 'It failed; the log has more.',
  503: 'Not now: the sentence says why.',
}

const DESCRIPTION =
  'Instants are UTC texts, and null stands for never. A refusal is JSON with one sentence. ' +
  'A browser that asks for a page without a token gets a form with status 401. A node on loopback without tokens lets every program of its machine call.'

/** `/why/{dataset}` of `/why/:dataset`; the rest of a path, slashes included, is its `path`. */
export const templateOf = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}').replace('*', '{path}')

/** A schema as the document has it: what a caller may send, and what of an answer it can rely on. */
function schemaOf(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return rest
}

/** A route that is not described is left out; the tests let none be. */
export function documentOf(routes: readonly RouterRoute[], version: string): Json {
  const paths: Record<string, Json> = {}
  for (const { method, path, handler } of routes) {
    const route = ROUTES[`${method} ${path}`]
    if (route === undefined) continue
    const template = templateOf(path)
    paths[template] = { ...paths[template], [method.toLowerCase()]: operationOf(method, path, handler, route) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'data node', version, description: DESCRIPTION },
    paths,
    components: {
      schemas: { Refusal: schemaOf(Refusal) },
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'The role read: DATA_NODE_READ_TOKEN or DATA_NODE_TOKEN. The role write: DATA_NODE_TOKEN.',
        },
      },
    },
  }
}

const A_DAY = '2025-07-08'

function operationOf(method: string, path: string, handler: object, route: Route): Json {
  const { body, query } = schemasOf(handler)
  const example = path.replace(':asof', A_DAY)
  const access = accessNeeded(method, example)
  const parameters = [...pathParameters(path), ...(query === undefined ? [] : queryParameters(query))]
  const isChecked = body !== undefined || query !== undefined || parameters.length > 0
  const refusals = [
    ...(isChecked ? [400] : []),
    ...(access === null ? [] : [401, 403]),
    ...(method === 'POST' ? [413] : []),
    ...(mayWrite(method, example) ? [503] : []),
    ...(route.refusals ?? []),
    500,
  ].filter((status) => status !== route.alsoAt)
  return {
    operationId: [method.toLowerCase(), ...(path.match(/\w+/g) ?? ['root'])].join('_'),
    summary: route.summary,
    description: accessText(access),
    security: access === null ? [] : [{ bearer: [access === 'read' ? 'read' : 'write'] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...requestBodyOf(body, route),
    responses: {
      ...goodAnswers(route),
      ...Object.fromEntries([...new Set(refusals)].map((status) => [status, refusalOf(status, route)])),
    },
  }
}

function accessText(access: 'read' | 'full' | null): string {
  switch (access) {
    case null:
      return 'Open to every caller.'
    case 'read':
      return 'Needs DATA_NODE_READ_TOKEN or DATA_NODE_TOKEN.'
    case 'full':
      return 'Needs DATA_NODE_TOKEN.'
    default:
      return access satisfies never
  }
}

const pathParameters = (path: string): Json[] =>
  [...templateOf(path).matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    ...partNamed(name),
  }))

function partNamed(name: string): Json {
  const part = PATH_PARTS[name]
  if (part === undefined) throw new Error(`expected an entry for the part {${name}} in functions/openapi/path-parts.ts`)
  return { ...part, schema: schemaOf(part.schema) }
}

/** Each parameter may stand once: its schema is that of the one value. */
function queryParameters(query: z.ZodType): Json[] {
  const { properties = {}, required = [] } = schemaOf(query) as {
    properties?: Record<string, { prefixItems?: Json[] }>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { prefixItems = [] }]) => ({
    name,
    in: 'query',
    ...(required.includes(name) ? { required: true } : {}),
    schema: prefixItems[0] ?? {},
  }))
}

function requestBodyOf(body: z.ZodType | undefined, { form, example }: Route): Json {
  if (form !== undefined)
    return { requestBody: { content: { 'application/x-www-form-urlencoded': { schema: schemaOf(form) } } } }
  if (body === undefined) return {}
  return { requestBody: { content: { 'application/json': { schema: schemaOf(body), example } } } }
}

function goodAnswers({ status = 200, answer, media = [], others = [], alsoAt }: Route): Json {
  const content = {
    ...(answer === undefined ? {} : { 'application/json': { schema: schemaOf(answer) } }),
    ...Object.fromEntries(media.map((kind) => [kind, {}])),
  }
  const good = { description: MEANINGS[status], ...(Object.keys(content).length === 0 ? {} : { content }) }
  return {
    [status]: good,
    ...(alsoAt === undefined ? {} : { [alsoAt]: { ...good, description: MEANINGS[alsoAt] } }),
    ...Object.fromEntries(others.map((other) => [other, { description: MEANINGS[other] }])),
  }
}

/** A form shows its refusals on the page. */
const refusalOf = (status: number, { form }: Route): Json => ({
  description: MEANINGS[status],
  content: {
    'application/json': { schema: { $ref: '#/components/schemas/Refusal' } },
    ...(form === undefined ? {} : { 'text/html': {} }),
  },
})
