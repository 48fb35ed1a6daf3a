/** Finds the rows in any vendor's answer and says how a single one goes wrong. */
import { addDays, isDt } from '../../functions/_market/dt.ts'
import type { Question, Reply } from './reply.ts'

export type Row = Record<string, unknown>

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value)
const isRows = (value: unknown): value is Row[] => Array.isArray(value) && value.length > 0 && value.every(isRow)
/** Where vendors keep their rows: as a list, or as lists by symbol or kind. */
const HOLDERS = ['bars', 'results', 'observations', 'corporate_actions', 'option_contracts']

/** The answer with each of its lists of rows changed; one that is no JSON or has no rows stays as it is. */
export function editRows(honest: Reply, change: (rows: Row[]) => Row[]): Reply {
  const body = parse(honest)
  if (isRows(body)) return { ...honest, body: JSON.stringify(change(body)) }
  if (!isRow(body)) return honest
  let edited = false
  for (const holder of HOLDERS) {
    const held = body[holder]
    if (isRows(held)) body[holder] = change(held)
    else if (isRow(held)) for (const key of Object.keys(held)) if (isRows(held[key])) held[key] = change(held[key])
    edited ||= held !== undefined
  }
  return edited ? { ...honest, body: JSON.stringify(body) } : honest
}

/** The answer with the token or next_url it was asked with. A first page keeps its own, so the loop starts at the second. */
export function loopToken(honest: Reply, { query, path, baseUrl }: Question): Reply {
  const body = parse(honest)
  if (!isRow(body)) return honest
  const token = query.get('page_token')
  const cursor = query.get('cursor')
  if (token !== null) body.next_page_token = token
  else if (cursor !== null) body.next_url = `${baseUrl}${path}?cursor=${cursor}`
  else return honest
  return { ...honest, body: JSON.stringify(body) }
}

function parse(honest: Reply): unknown {
  try {
    return JSON.parse(honest.body)
  } catch {
    return undefined
  }
}

const DAYS_BEFORE = 7

/** The row as if it were of a week before: every stamp and day in it moves. */
export const outside = (row: Row): Row => moved(row, DAYS_BEFORE)

/** The row as if it were of a year before: an answer of such rows has nothing to do with the question. */
export const longBefore = (row: Row): Row => moved(row, 52 * DAYS_BEFORE)

const moved = (row: Row, days: number): Row =>
  Object.fromEntries(Object.entries(row).map(([key, value]) => [key, earlier(key, value, days)]))

function earlier(key: string, value: unknown, days: number): unknown {
  if (key === 't' && typeof value === 'number') return value - days * 86_400_000
  if (typeof value !== 'string' || !isDt(value.slice(0, 10))) return value
  return addDays(value.slice(0, 10), -days) + value.slice(10)
}

/** What a row is about: the close of a bar, the value of an observation, a rate or an amount of an action. */
const valueKeyOf = (row: Row): string | undefined =>
  ['c', 'value', 'rate', 'new_rate', 'cash_amount', 'split_to'].find((key) => key in row) ??
  Object.keys(row).find((key) => key.startsWith('yield_'))

export function withNull(row: Row): Row {
  const key = valueKeyOf(row)
  return key === undefined ? row : { ...row, [key]: null }
}

/** The value a hundredth higher; a bar's high goes along, so that the row stays plausible. */
export function revised(row: Row): Row {
  const key = valueKeyOf(row)
  const value = key === undefined ? undefined : Number(row[key])
  if (key === undefined || value === undefined || !Number.isFinite(value)) return row
  const raised = Math.round((value === 0 ? 0.01 : value * 1.01) * 100) / 100
  const next = raised === value ? value + 0.01 : raised
  const high = key === 'c' && typeof row.h === 'number' ? { h: Math.max(row.h, next) } : {}
  return { ...row, [key]: typeof row[key] === 'string' ? next.toFixed(2) : next, ...high }
}
