/** Faults in words a person can act on: where, what was expected, what came, what to write. */
import type { z } from 'zod'
import { SymbolText } from '../functions/_market/cell.ts'
import { isDt } from '../functions/_market/dt.ts'
import { nearest } from './nearest.ts'
import type { Path, SourceFile } from './source-file.ts'

/** A fault of one value. `at` is the place whose line is told where that is another one. */
export interface Fault {
  path: Path
  message: string
  at?: Path
}

/** `file: path: message (line)`. */
export function faultText({ file, lineOf }: SourceFile, { path, message, at = path }: Fault): string {
  const line = lineOf(at)
  return `${file}: ${path.join('.') || 'the file'}: ${message}${line === null ? '' : ` (line ${line})`}`
}

/** The faults of a value that its schema refuses. */
export function describeIssues(source: SourceFile, schema: z.ZodType, issues: readonly z.core.$ZodIssue[]): Fault[] {
  return issues.flatMap((issue) => describe(source, schema, issue))
}

function describe(source: SourceFile, schema: z.ZodType, issue: z.core.$ZodIssue): Fault[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
  const value = valueAt(source.value, path)
  const one = (message: string): Fault[] => [{ path, message }]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path, message: unknownKey(key, keysAt(schema, path)), at: [...path, key] }))
    case 'invalid_key':
      return one(`${path.at(-1)} cannot be a name here: use small letters, digits and underscores, a letter first`)
    case 'invalid_union':
      return one(`expected ${formsOf(issue)}, got ${shown(value)}${hint(exampleFor(path, value))}`)
    case 'invalid_value': {
      const known = issue.values.map(String)
      return one(`expected one of ${known.join(', ')}, got ${shown(value)}${didYouMean(value, known)}`)
    }
    case 'invalid_type':
      if (value === undefined)
        return one(`is missing: expected ${kindOf(issue.expected)}${hint(exampleFor(path, value))}`)
      return one(
        `expected ${kindOf(issue.expected)}, got ${shown(value)}${hint(wrongKind(source, schema, path, issue.expected))}`,
      )
    default: {
      const isTold = /\bgot\b/.test(issue.message) || typeof value === 'object'
      return one(`${issue.message}${isTold ? '' : `, got ${shown(value)}`}${hint(wrongText(value, issue.message))}`)
    }
  }
}

const hint = (advice: string | null): string => (advice === null ? '' : `: write ${advice}`)

const didYouMean = (word: unknown, known: readonly string[]): string => {
  const meant = typeof word === 'string' ? nearest(word, known) : null
  return meant === null ? '' : `: did you mean ${meant}?`
}

/** A name that is none of those that are known. */
export const unknownName = (word: string, known: readonly string[]): string =>
  `(${known.join(', ')})${didYouMean(word, known)}`

const unknownKey = (key: string, known: readonly string[]): string =>
  `there is no key ${key}${didYouMean(key, known)}${known.length === 0 ? '' : ` (known: ${known.join(', ')})`}`

const KINDS: Record<string, string> = {
  object: 'a map (key: value)',
  record: 'a map (key: value)',
  array: 'a list',
  number: 'a number',
  int: 'a whole number',
  string: 'text',
  boolean: 'true or false',
}
const kindOf = (expected: string): string => KINDS[expected] ?? expected

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return `a map with ${Object.keys(value).join(', ') || 'no keys'}`
  if (typeof value === 'string') return JSON.stringify(value)
  return typeof value === 'boolean' ? `the truth value ${value}` : `the number ${value}`
}

/** What to write in place of a value of another kind. */
function wrongKind(source: SourceFile, schema: z.ZodType, path: Path, expected: string): string | null {
  const value = valueAt(source.value, path)
  const example = exampleFor(path, value)
  if (expected === 'string' && example?.startsWith('"')) return example
  if (expected === 'string') return unreadAsText(value, source.sourceOf(path)) ?? example
  if (expected === 'boolean') return /^(yes|on|1)$/i.test(String(value)) ? 'true' : 'false'
  if (expected === 'array' && (typeof value === 'string' || typeof value === 'number')) return `[${value}]`
  if (expected === 'array') return example ?? 'one entry a line, each behind a dash'
  if (expected === 'number' && typeof value === 'string' && /^\d+(\.\d+)?$/.test(value))
    return `${value} without quotes`
  if (path.length === 0 && Array.isArray(value)) return `a line "${keysAt(schema, path)[0]}:" above the list`
  if ((expected === 'object' || expected === 'record') && Array.isArray(value)) return 'its keys without dashes'
  return example
}

/** YAML reads some tickers and days as something else than text. */
function unreadAsText(value: unknown, source: string | null): string | null {
  if (typeof value === 'number' && /^\d{8}$/.test(String(value))) return dayOf(String(value))
  if (source === null || source === '' || source === '~') return null
  if (typeof value === 'boolean' || typeof value === 'number' || value === null) return `"${source}" in quotes`
  return null
}

/** What to write in place of a text of the right kind. */
function wrongText(value: unknown, message: string): string | null {
  if (typeof value !== 'string') return null
  const day = dayOf(value)
  if (day !== null) return day
  if (!message.startsWith('expected a symbol')) return null
  const symbol = value.trim().replace(/^\$/, '').toUpperCase().replace(/[/ _]/g, '.')
  return symbol !== value && /^\$?[A-Za-z0-9./ _-]{1,16}$/.test(value) && SymbolText.safeParse(symbol).success
    ? symbol
    : null
}

/** A day in one of the ways that people write it, as it is written here. */
function dayOf(text: string): string | null {
  const parts = /^(\d{4})[-/.]?(\d{1,2})[-/.]?(\d{1,2})(?:[T ].*)?$/.exec(text.trim())
  if (!parts) return null
  const day = `${parts[1]}-${parts[2]!.padStart(2, '0')}-${parts[3]!.padStart(2, '0')}`
  return isDt(day) && day !== text ? day : null
}

const EXAMPLES: Record<string, string> = {
  'restate.sessions': '[1, 3]',
  from: '2016-01-04',
  to: '2023-10-12',
  symbols: '[AAPL, MSFT]',
  symbol: 'AAPL',
  history: '{ from: 2016-01-01 } or { rolling_years: 2 }',
  recency: '{ days: 0, at: "20:16" } or { sessions: 1, at: "16:30" }',
  restate: '{ sessions: [1, 3] }',
  cadence: '{ ready_at: "20:16" }',
  ready_at: '"20:16"',
  at: '"20:16"',
  shape: '{ rows_per_page: 10000, symbols_per_call: 500, pages_per_plan: 4 }',
  contracts: '{ expire_within_days: 45 }',
  backfill: '{ order: newest-first }',
  deadline: '"6h"',
  wait: '"15m"',
  body: '{ }',
  steps: '[{ "call": "audit" }]',
}

function exampleFor(path: Path, value: unknown): string | null {
  const last = String(path.at(-1))
  if (last === 'depth' || last === 'look_back') return backOf(value)
  return EXAMPLES[path.slice(-2).join('.')] ?? EXAMPLES[last] ?? null
}

/** How far back, as it is written here. */
function backOf(value: unknown): string {
  const text = String(value)
  const day = isDt(text) ? text : dayOf(text)
  if (day !== null) return `{ from: ${day} }`
  const years = /^(\d+)\s*(?:y|years?)?$/i.exec(text)?.[1]
  if (years !== undefined && Number(years) > 0) return `{ years: ${years} }`
  const sessions = /^(\d+)\s*s(?:essions)?$/i.exec(text)?.[1]
  return sessions === undefined
    ? '{ years: 20 }, { sessions: 60 } or { from: 2016-01-04 }'
    : `{ sessions: ${sessions} }`
}

/** The branches of a union as a person would write them. */
function formsOf({ errors }: z.core.$ZodIssueInvalidUnion): string {
  const said = errors.map((branch) => branch.map(({ path, message }) => [...path, message].join(' ')).join(', '))
  const isOfKind = errors.every((branch) =>
    branch.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  )
  return isOfKind ? 'a map (key: value)' : `one of its forms (${said.join(' | ')})`
}

function valueAt(value: unknown, path: Path): unknown {
  let found = value
  for (const [at, step] of path.entries()) {
    // A plain ticker stands for an entry with this symbol.
    if (typeof found !== 'object' || found === null)
      return step === 'symbol' && at === path.length - 1 ? found : undefined
    found = (found as Record<string | number, unknown>)[step]
  }
  return found
}

/** The keys that a map may have, at a place of a schema. */
function keysAt(schema: z.ZodType, path: Path): string[] {
  let places = branches(schema)
  for (const step of path) places = places.flatMap((place) => branchesBelow(place, step))
  return [...new Set(places.flatMap(keysOf))]
}

type Schema = z.core.$ZodType

function branches(schema: Schema): Schema[] {
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'optional':
    case 'default':
    case 'prefault':
    case 'nullable':
      return branches(def.innerType)
    case 'pipe':
      return [...branches(def.in), ...branches(def.out)]
    case 'union':
      return def.options.flatMap(branches)
    default:
      return [schema]
  }
}

function branchesBelow(schema: Schema, step: string | number): Schema[] {
  const { def } = (schema as z.core.$ZodTypes)._zod
  if (def.type === 'object') return def.shape[step] === undefined ? [] : branches(def.shape[step])
  if (def.type === 'record') return branches(def.valueType)
  return def.type === 'array' ? branches(def.element) : []
}

function keysOf(schema: Schema): string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod
  if (def.type === 'object') return Object.keys(def.shape)
  if (def.type !== 'record') return []
  const { def: key } = (def.keyType as z.core.$ZodTypes)._zod
  return key.type === 'enum' ? Object.values(key.entries).map(String) : []
}
