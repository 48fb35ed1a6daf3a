/** Requests made from the document: values that its schemas allow, and values that they do not. */
import fc from 'fast-check'
import { type Documented, type Parameter, pathOf } from './documented.ts'

type Json = Record<string, unknown>

export interface FuzzedRequest {
  route: Documented
  path: string
  /** Absent for a read. */
  body?: string
}

/** Names that the node has, so that some questions find something. */
const KNOWN = ['equities_bars', 'macro_treasury', 'AAPL', 'MSFT', 'UST', 'alpaca', 'yes', 'AAPL,MSFT', 'A..Z']
const DAYS = ['2025-06-30', '2025-07-04', '2025-07-08', '1999-12-31', '2030-01-01', '0000-01-01', '9999-12-31']
const INSTANTS = ['2025-07-08T20:30:00-04:00', '2025-07-09T00:30:00Z', '1999-01-01T00:00:00Z', '2099-01-01T00:00:00Z']
const BROKEN = [
  '',
  ' ',
  'null',
  '-1',
  '0',
  '1e9',
  '99999999999999999999',
  '2025-02-30',
  '2025-07-08T25:00:00Z',
  '..',
  '../../etc/passwd',
  '%',
  '%00',
  '\u0000',
  '\ud83d\ude00',
  "' OR 1=1 --",
  '*',
  'x'.repeat(3_000),
  '__proto__',
  'constructor',
]
/** Sent as they stand: what no encoder makes, and separators in disguise. */
const ENCODINGS = ['%', '%zz', '%C3%28', '%ED%A0%80', '%2e%2e%2f', '%2F', '%5C', '%00', '%0d%0a', '+', '%25%32%46']
/** No text among them is a full path: a backup goes where it is sent. */
const WRONG: unknown[] = [null, true, false, -1, 0, 1.5, 1e300, '', 'x', '2025-02-30', [], [null], {}, { a: { b: [] } }]
const TEXTS = ['', '{', 'null', '[]', '"x"', '1', '{"__proto__":{"at":1}}', '\u0000', '['.repeat(5_000)]

/** A text of a value that the schema allows. */
function allowed(schema: Json): fc.Arbitrary<string> {
  const { anyOf, enum: values, type, format, pattern, minimum, maximum } = schema
  if (Array.isArray(anyOf)) return fc.oneof(...anyOf.map((one) => allowed(one as Json)))
  if (schema.const !== undefined) return fc.constant(String(schema.const))
  if (Array.isArray(values)) return fc.constantFrom(...values.map(String))
  if (type === 'integer') return fc.integer({ min: Number(minimum), max: Number(maximum) }).map(String)
  if (format === 'date') return fc.constantFrom(...DAYS)
  if (format === 'date-time') return fc.constantFrom(...INSTANTS)
  if (typeof pattern === 'string')
    return fc.oneof(fc.constantFrom('AAPL', 'MSFT'), fc.stringMatching(new RegExp(pattern)))
  return fc.oneof(fc.constantFrom(...KNOWN), fc.string())
}

const broken = fc.oneof(fc.constantFrom(...BROKEN), fc.string({ unit: 'binary', maxLength: 40 }))

/** Mostly what is allowed. */
const valueFor = ({ schema, example }: Parameter): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: example === undefined ? allowed(schema) : fc.constant(example) },
    { weight: 2, arbitrary: allowed(schema) },
    { weight: 2, arbitrary: broken },
  )

/** `%` and lone halves of pairs as a client might send them, too. */
function encoded(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    return '%ED%A0%80'
  }
}

function pathsOf(route: Documented): fc.Arbitrary<string> {
  const { parameters = [] } = route.operation
  const parts = parameters.filter((one) => one.in === 'path')
  const queries = parameters.filter((one) => one.in === 'query')
  const raw = fc.constantFrom(...ENCODINGS)
  const part = (one: Parameter) => {
    // A chain that is there would play a whole night.
    const texts = one.name === 'chain' ? broken.filter((text) => text !== 'night') : valueFor(one)
    // Slashes are part of a path below /exports/nightly/.
    const path = texts.map((text) => (one.name === 'path' ? text.split('/').map(encoded).join('/') : encoded(text)))
    const behind = raw.map((text) => `${one.example ?? ''}${text}`)
    return fc.oneof({ weight: 4, arbitrary: path }, { weight: 1, arbitrary: raw }, { weight: 1, arbitrary: behind })
  }
  const pair = fc.oneof(
    ...queries.map((one) => {
      const text = fc.oneof({ weight: 6, arbitrary: valueFor(one).map(encoded) }, { weight: 1, arbitrary: raw })
      return { weight: 6, arbitrary: text.map((value) => `${one.name}=${value}`) }
    }),
    { weight: 1, arbitrary: broken.map((text) => `${encoded(text)}=1`) },
  )
  return fc.tuple(fc.tuple(...parts.map(part)), fc.array(pair, { maxLength: 3 })).map(([texts, pairs]) => {
    const path = pathOf(route, Object.fromEntries(parts.map(({ name }, at) => [name, texts[at] ?? ''])))
    return pairs.length === 0 ? path : `${path}${path.includes('?') ? '&' : '?'}${pairs.join('&')}`
  })
}

/** The example of the body as it is, with fields that are gone, wrong or unknown, or no JSON at all. */
function bodiesOf({ operation }: Documented): fc.Arbitrary<string> {
  const { schema = {}, example = {} } = Object.values(operation.requestBody?.content ?? {})[0] ?? {}
  const names = [...Object.keys((schema.properties ?? {}) as Json), 'unknown']
  const wrong = fc.dictionary(fc.constantFrom(...names), fc.constantFrom(...WRONG), { maxKeys: 2 })
  const gone = fc.subarray(Object.keys(example))
  const changed = fc.tuple(wrong, gone).map(([more, without]) => {
    const kept = Object.entries(example).filter(([name]) => !without.includes(name))
    return JSON.stringify({ ...Object.fromEntries(kept), ...more })
  })
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant(JSON.stringify(example)) },
    { weight: 4, arbitrary: changed },
    { weight: 1, arbitrary: fc.constantFrom(...TEXTS) },
  )
}

export function requestsOf(route: Documented): fc.Arbitrary<FuzzedRequest> {
  const path = pathsOf(route)
  if (route.method === 'GET') return path.map((text) => ({ route, path: text }))
  return fc.tuple(path, bodiesOf(route)).map(([text, body]) => ({ route, path: text, body }))
}
