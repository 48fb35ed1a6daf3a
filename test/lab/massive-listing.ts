/** The lists of Massive's reference endpoints: filters with operators, sort orders old and new, limits, and next_url. */
import { refuse, requestIdOf } from './massive-query.ts'
import { json, type Question, type Reply } from './reply.ts'

export type Row = Record<string, unknown>
type Op = '' | '.gt' | '.gte' | '.lt' | '.lte' | '.any_of'

export interface Listing {
  /** Columns that may be filtered on, and with what beside equality. */
  filters: Record<string, 'range' | 'range and any_of' | 'any_of' | 'equal'>
  limit: { otherwise: number; most: number }
  /** `columns`: `sort=a.asc,b.desc`, the newer paths. `order`: `sort=a&order=asc`, the older ones. */
  sorting: { style: 'columns' | 'order'; otherwise: string }
  /** Whether the envelope counts its rows. */
  counts?: boolean
}

const OPS: Record<Listing['filters'][string], readonly Op[]> = {
  equal: [''],
  any_of: ['', '.any_of'],
  range: ['', '.gt', '.gte', '.lt', '.lte'],
  'range and any_of': ['', '.gt', '.gte', '.lt', '.lte', '.any_of'],
}

/** The parameters a question really asks with: those of its cursor where it has one. */
export function queryOf({ query }: Question): URLSearchParams {
  const cursor = query.get('cursor')
  return cursor === null ? query : new URLSearchParams(Buffer.from(cursor, 'base64url').toString())
}

/** One page of rows. A cursor carries every parameter, the page's place included; the key is never inside. */
export function list(question: Question, listing: Listing, rows: readonly Row[]): Reply {
  const { path, baseUrl } = question
  const query = queryOf(question)
  const { otherwise, most } = listing.limit
  const limit = Number(query.get('limit') ?? otherwise)
  if (!Number.isInteger(limit) || limit < 1 || limit > most) {
    throw refuse(question, 400, `The parameter 'limit' must be a number from 1 to ${most}`)
  }
  const wanted = rows.filter(predicateOf(question, listing, query)).sort(orderOf(question, listing, query))
  const first = Number(query.get('page_marker') ?? 0)
  const page = wanted.slice(first, first + limit)

  const next = new URLSearchParams([...query].filter(([name]) => name !== 'apiKey' && name !== 'cursor'))
  next.set('limit', String(limit))
  next.set('page_marker', String(first + limit))
  next.sort()
  const nextUrl =
    first + limit < wanted.length
      ? `${baseUrl}${path}?cursor=${Buffer.from(next.toString()).toString('base64url')}`
      : undefined
  const answer = json(200, {
    results: page,
    status: 'OK',
    request_id: requestIdOf(question),
    ...(listing.counts ? { count: page.length } : {}),
    ...(nextUrl === undefined ? {} : { next_url: nextUrl }),
  })
  const link = nextUrl === undefined ? {} : { Link: `<${nextUrl}>; rel="next"` }
  return { ...answer, rows: page.length, headers: { 'X-Request-Id': requestIdOf(question), ...link } }
}

function predicateOf(question: Question, listing: Listing, query: URLSearchParams): (row: Row) => boolean {
  const tests: ((row: Row) => boolean)[] = []
  for (const [column, kind] of Object.entries(listing.filters)) {
    for (const op of OPS[kind]) {
      const text = query.get(`${column}${op}`)
      if (text === null) continue
      if (/date/.test(column) && op !== '.any_of' && !/^\d{4}-\d{2}-\d{2}$/.test(text)) {
        throw refuse(question, 400, `Could not parse the time parameter: '${column}'. Use YYYY-MM-DD`)
      }
      tests.push((row) => holds(op, row[column], text))
    }
  }
  return (row) => tests.every((test) => test(row))
}

function holds(op: Op, value: unknown, text: string): boolean {
  if (value === undefined) return false
  if (op === '') return String(value) === text || (typeof value === 'number' && value === Number(text))
  if (op === '.any_of') return text.split(',').includes(String(value))
  const order = compare(value, typeof value === 'number' ? Number(text) : text)
  if (op === '.gt') return order > 0
  if (op === '.gte') return order >= 0
  return op === '.lt' ? order < 0 : order <= 0
}

/** Columns without a value come first. */
function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [x, y] = [String(a ?? ''), String(b ?? '')]
  return x < y ? -1 : x > y ? 1 : 0
}

function orderOf(question: Question, listing: Listing, query: URLSearchParams): (a: Row, b: Row) => number {
  const { style, otherwise } = listing.sorting
  const sort = query.get('sort')
  const order = query.get('order')
  const [column = '', direction = 'asc'] = otherwise.split('.')
  const text = style === 'columns' ? (sort ?? otherwise) : `${sort ?? column}.${order ?? direction}`
  const keys = text.split(',').map((key) => key.split('.') as [string, string?])
  for (const [, way] of keys) {
    if (way !== 'asc' && way !== 'desc') {
      throw refuse(question, 400, `The parameter 'sort' must name columns with .asc or .desc, got '${text}'`)
    }
  }
  return (a, b) => {
    for (const [name, way] of keys) {
      const found = compare(a[name], b[name])
      if (found !== 0) return way === 'desc' ? -found : found
    }
    return 0
  }
}
