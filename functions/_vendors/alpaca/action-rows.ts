/** Reads one corporate action as Alpaca writes it, or says what did not fit. */
import { type Dt, isDt } from '../../_market/dt.ts'
import type { Action, ActionKind } from '../../_market/row.ts'
import { firstIssue } from '../read-json.ts'
import { ACTION_KIND_READERS, type ActionColumns, type ActionKindReader, Common } from './action-kinds.ts'

/** A row that was read. `ticker` is whose action it is, in the vendor's spelling; `formerly` the old ticker of a renamed company. */
export interface ReadAction {
  ticker: string
  formerly: string | null
  /** Null in older answers. */
  id: string | null
  action: Omit<Action, 'id'>
}

/** A row that was not: as much of its ticker and day as could be seen, and what did not fit. */
export interface UnreadAction {
  plural: string
  ticker: string | null
  formerly: string | null
  effective: Dt | null
  issue: string
}

const DAY_FIELDS = ['effective_date', 'ex_date', 'process_date'] as const
const FORMERLY: Record<string, string> = { name_changes: 'old_symbol' }

/**
 * One row of a plural. A plural we have no word for gives an `other`, with the plural as its subtype; where such a row has no
 * symbol or no day it belongs to no cell. Then the result is null and no cell is marked malformed: the row may not concern us.
 */
export function readAction(plural: string, raw: unknown): ReadAction | UnreadAction | null {
  const common = Common.safeParse(raw)
  const fields = fieldsOf(raw)
  const known = Object.hasOwn(ACTION_KIND_READERS, plural) ? ACTION_KIND_READERS[plural] : undefined
  const found = known ?? otherSort(plural, fields)
  if (found === null) return null
  const ticker = textOf(fields[found.owner])
  const day = textOf(fields[found.effective])
  const formerly = textOf(fields[FORMERLY[plural] ?? ''])
  const unread = (issue: string): UnreadAction => ({
    plural,
    ticker,
    formerly,
    effective: day !== null && isDt(day) ? day : null,
    issue,
  })
  if (!common.success) return unread(firstIssue(common.error))
  const { id, currency, ...own } = common.data
  const columns = found.read(own)
  if (typeof columns === 'string') return unread(columns)
  if (ticker === null) return unread(`${found.owner}: expected a symbol`)
  return {
    ticker,
    formerly,
    id,
    action: actionOf(found.kind, currency, columns),
  }
}

function otherSort(plural: string, fields: Record<string, unknown>): ActionKindReader | null {
  const day = DAY_FIELDS.find((name) => isDt(textOf(fields[name]) ?? ''))
  if (day === undefined || textOf(fields.symbol) === null) return null
  const read = ({ symbol: _, [day]: effective, ...rest }: Record<string, unknown>): ActionColumns => ({
    effective_date: textOf(effective) ?? '',
    subtype: plural,
    rest,
  })
  return { kind: 'other', owner: 'symbol', effective: day, read }
}

const fieldsOf = (raw: unknown): Record<string, unknown> =>
  typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? { ...raw } : {}

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

const actionOf = (kind: ActionKind, currency: string | null, columns: ActionColumns): Omit<Action, 'id'> => ({
  kind,
  effective_date: columns.effective_date,
  // Alpaca does not say when an action was announced.
  declaration_date: null,
  record_date: columns.record_date ?? null,
  payable_date: columns.payable_date ?? null,
  cash: columns.cash ?? null,
  currency,
  old_shares: columns.old_shares ?? null,
  new_shares: columns.new_shares ?? null,
  other_symbol: columns.other_symbol ?? null,
  subtype: columns.subtype ?? null,
  detail: detailOf(columns.rest),
})

/** JSON with sorted names, at every depth; what is null or empty is left out. */
function detailOf(rest: Record<string, unknown>): string | null {
  const said = Object.entries(rest).filter(([, value]) => value !== null && value !== undefined && value !== '')
  return said.length === 0 ? null : JSON.stringify(sorted(Object.fromEntries(said)))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]))
}
