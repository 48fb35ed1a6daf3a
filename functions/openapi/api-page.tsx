/** The OpenAPI document as a page for people: each route with what it takes, a call to copy, and what it returns. */
import type { Child } from 'hono/jsx'
import { Scroll } from '../_page/scrolling-table.tsx'

/** What the page reads of a document; all of it is made by document.ts. */
export interface ApiDocument {
  info: { description: string }
  paths: Record<string, Record<string, Operation>>
}

interface Operation {
  summary: string
  description: string
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[]
  requestBody?: { content: Record<string, { schema: Schema; example?: unknown }> }
  responses: Record<string, { description: string; content?: Record<string, { schema?: Schema }> }>
}

interface Schema {
  type?: string | string[]
  format?: string
  enum?: unknown[]
  const?: unknown
  minimum?: number
  maximum?: number
  maxLength?: number
  default?: unknown
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
}

interface Field {
  name: string
  kind: string
  isNeeded: boolean
  about: string
}

const JSON_TYPE = 'application/json'
const ADDRESS = 'localhost:8080'

export function ApiPage({ document }: { document: ApiDocument }) {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  return (
    <>
      <h1>HTTP API</h1>
      <p>{document.info.description}</p>
      <p>
        For programs: <a href="./openapi.json">openapi.json</a>. In a call from elsewhere the header is{' '}
        <code>Authorization: Bearer TOKEN</code>.
      </p>
      <ul class="columns">
        {operations.map(({ path, method }) => (
          <li>
            <a href={`#${anchorOf(method, path)}`}>
              {method} {path}
            </a>
          </li>
        ))}
      </ul>
      {operations.map((one) => (
        <OperationSection {...one} />
      ))}
    </>
  )
}

function OperationSection({ path, method, operation }: { path: string; method: string; operation: Operation }) {
  const { summary, description, parameters = [], requestBody, responses } = operation
  const body = Object.values(requestBody?.content ?? {})[0]
  const taken = parameters.map((one): Field => fieldOf(one.name, one.schema, one.required === true, one.in))
  return (
    <section aria-labelledby={anchorOf(method, path)}>
      <h2 id={anchorOf(method, path)}>
        {method} {path}
      </h2>
      <p>
        {summary} {description}
      </p>
      {taken.length > 0 && <Fields label={`Parameters of ${method} ${path}`} head="Parameter" fields={taken} />}
      {body !== undefined && fieldsOf(body.schema).length > 0 && (
        <Fields label={`Body of ${method} ${path}`} head="Field of the body" fields={fieldsOf(body.schema)} />
      )}
      <p>
        <code>{curlOf(path, method, Object.keys(requestBody?.content ?? {})[0], body?.example)}</code>
      </p>
      <details>
        <summary>Answers</summary>
        <ul>
          {Object.entries(responses).map(([status, { description: meaning, content = {} }]) => (
            <li>
              {status}: {meaning} <Content content={content} />
            </li>
          ))}
        </ul>
      </details>
    </section>
  )
}

function Content({ content }: { content: Record<string, { schema?: Schema }> }): Child {
  const names = Object.keys(content[JSON_TYPE]?.schema?.properties ?? {})
  const others = Object.keys(content).filter((type) => type !== JSON_TYPE)
  return [
    names.length > 0 ? `JSON: ${names.join(', ')}.` : '',
    others.length > 0 ? `Also ${others.join(', ')}.` : '',
  ].join(' ')
}

function Fields({ label, head, fields }: { label: string; head: string; fields: Field[] }) {
  return (
    <Scroll label={label}>
      <thead>
        <tr>
          {[head, 'What', ''].map((text) => (
            <th scope="col">{text}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {fields.map(({ name, kind, isNeeded, about }) => (
          <tr>
            <th scope="row">
              <code>{name}</code>
              {isNeeded ? ' (needed)' : ''}
            </th>
            <td>{kind}</td>
            <td>{about}</td>
          </tr>
        ))}
      </tbody>
    </Scroll>
  )
}

const anchorOf = (method: string, path: string): string => `${method.toLowerCase()}${path.replaceAll(/\W+/g, '-')}`

const fieldsOf = ({ properties = {}, required = [] }: Schema): Field[] =>
  Object.entries(properties).map(([name, schema]) => fieldOf(name, schema, required.includes(name)))

const fieldOf = (name: string, schema: Schema, isNeeded: boolean, place = ''): Field => ({
  name,
  kind: kindOf(schema),
  isNeeded,
  about: [place === 'path' ? 'part of the path' : '', schema.description ?? '', defaultText(schema)]
    .filter(Boolean)
    .join('; '),
})

const defaultText = (schema: Schema): string => (schema.default === undefined ? '' : `if absent: ${schema.default}`)

/** `whole number, 1 to 1000`, `day (YYYY-MM-DD)`, `queued, leased or stalled`. */
function kindOf(schema: Schema): string {
  const { type, format, anyOf, items, minimum, maximum, maxLength } = schema
  if (schema.const !== undefined) return String(schema.const)
  if (schema.enum !== undefined) return either(schema.enum.map(String))
  if (anyOf !== undefined) return either(anyOf.map(kindOf))
  if (type === 'array') return `list of ${items === undefined ? 'anything' : kindOf(items)}`
  if (format === 'date') return 'day (YYYY-MM-DD)'
  if (format === 'date-time') return 'UTC instant'
  if (type === 'integer' || type === 'number') {
    const kind = type === 'integer' ? 'whole number' : 'number'
    return minimum === undefined || maximum === undefined ? kind : `${kind}, ${minimum} to ${maximum}`
  }
  if (type === 'boolean') return 'true or false'
  if (type === 'string') return maxLength === undefined ? 'text' : `text of at most ${maxLength} characters`
  return type === undefined ? 'anything' : either([type].flat())
}

const either = (kinds: readonly string[]): string => {
  const all = [...new Set(kinds)]
  return all.length < 2 ? (all[0] ?? '') : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`
}

/** What goes into the places of a path. */
const PLACES: Record<string, string> = {
  dataset: 'equities_bars',
  symbol: 'AAPL',
  dt: '2025-07-08',
  asof: '2025-07-08',
  chain: 'night',
}

function curlOf(path: string, method: string, bodyType: string | undefined, example: unknown): string {
  const address = `${ADDRESS}${path.replaceAll(/\{(\w+)\}/g, (place, name: string) => PLACES[name] ?? place)}`
  const body = bodyType === JSON_TYPE ? ` -d '${JSON.stringify(example ?? {})}'` : ''
  return method === 'GET' ? `curl '${address}'` : `curl -X ${method} '${address}'${body}`
}
