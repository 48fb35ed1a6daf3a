/** The document that a running node serves, and answers of the node checked against it. */
import { z } from 'zod'

type Json = Record<string, unknown>

export interface Parameter {
  name: string
  in: 'path' | 'query'
  schema: Json
  required?: boolean
  example?: string
}

export interface Operation {
  summary: string
  description: string
  operationId: string
  security: { bearer: string[] }[]
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { schema: Json; example?: Json }> }
  responses: Record<string, { description: string; content?: Record<string, { schema?: Json }> }>
}

export interface Documented {
  method: string
  path: string
  operation: Operation
}

export interface OpenApi {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Json> }
}

/** Every operation of a document in its order. */
export const operationsOf = ({ paths }: Pick<OpenApi, 'paths'>): Documented[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )

/** A parser that takes no field which the schema does not name. */
export const strictParser = (schema: Json, named: Record<string, Json> = {}): z.ZodType =>
  z.fromJSONSchema(closed(schema, named) as never)

/** Takes an answer for what its route says of it: status, kind of content, and every field of its JSON. */
export type Check = (route: Documented, answer: Response) => Promise<unknown>

export function checkOf({ components }: Pick<OpenApi, 'components'>): Check {
  const parsers = new Map<Json, z.ZodType>()
  const parserOf = (schema: Json): z.ZodType => {
    const parser = parsers.get(schema) ?? strictParser(schema, components.schemas)
    parsers.set(schema, parser)
    return parser
  }
  return async ({ method, path, operation }, answer) => {
    const name = `${method} ${path} ${answer.status}`
    const response = operation.responses[answer.status]
    const kind = answer.headers.get('content-type')?.split(';')[0]
    if (response === undefined) throw new Error(`${name} is not in the document: ${await answer.text()}`)
    if (kind === undefined) return await answer.arrayBuffer()
    const kinds = Object.keys(response.content ?? {})
    if (!kinds.includes(kind)) throw new Error(`${name} is ${kind}, expected one of ${kinds.join(', ') || 'none'}`)
    const schema = response.content?.[kind]?.schema
    if (kind !== 'application/json' || schema === undefined) return await answer.body?.cancel()
    const body: unknown = await answer.json()
    const { error } = parserOf(schema).safeParse(body)
    if (error) throw new Error(`${name}: ${z.prettifyError(error)}`)
    return body
  }
}

/** The same schema, which takes no field that it does not name; an object that is open on purpose stays so. */
function closed(schema: unknown, named: Record<string, Json>): unknown {
  if (Array.isArray(schema)) return schema.map((one) => closed(one, named))
  if (typeof schema !== 'object' || schema === null) return schema
  const { $ref, ...rest } = schema as Json
  if (typeof $ref === 'string') return closed(named[$ref.replace('#/components/schemas/', '')], named)
  const inside = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, closed(value, named)]))
  return 'properties' in inside && !('additionalProperties' in inside)
    ? { ...inside, additionalProperties: false }
    : inside
}

/** The path of a route with its parts filled in; without `parts`, with those that the document has as examples. */
export const pathOf = ({ path, operation }: Documented, parts: Record<string, string> = {}): string => {
  const there = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const known = operation.parameters?.find((one) => one.in === 'path' && one.name === name)
    return parts[name] ?? known?.example ?? ''
  })
  const query = operation.parameters?.filter((one) => one.in === 'query' && one.required) ?? []
  return query.length === 0
    ? there
    : `${there}?${query.map(({ name, schema }) => `${name}=${schema?.example}`).join('&')}`
}
