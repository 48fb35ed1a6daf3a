/** Splits and dividends of Massive as rows of ours, from its newer and its older lists alike. */
import { type Dt, isDt } from '../../_market/dt.ts'
import type { Action, ActionKind } from '../../_market/row.ts'
import { firstIssue } from '../read-json.ts'
import { DividendRow, SplitRow } from './wire.ts'

/** Where the vendor gives no id, it is made of kind, ticker and day, which `numberActions` tells apart where a day has several. */
export interface Found {
  action: Action
  hasOwnId: boolean
}

/** A row as read; `action` is null where it does not parse, then `issue` says at what. */
export type ReadAction = Found | { action: null; issue: string }

/** Derived figures that change with every later action; kept, they would make every new split a correction of all before. */
const DERIVED: ReadonlySet<string> = new Set(['historical_adjustment_factor', 'split_adjusted_cash_amount'])

const refused = (issue: string): ReadAction => ({ action: null, issue })

/** A row of the splits; a type the vendor adds one day is kept as `other`. */
export function readSplit(row: unknown): ReadAction {
  const parsed = SplitRow.safeParse(row)
  if (!parsed.success) return refused(firstIssue(parsed.error))
  const { id, ticker, execution_date, split_from, split_to, adjustment_type, ...rest } = parsed.data
  if (!isDt(execution_date)) return refused(`execution_date: expected a day, got ${execution_date.slice(0, 20)}`)
  const kind = kindOfSplit(adjustment_type ?? null)
  if (kind === 'stock_dividend' && split_to <= split_from) {
    return refused(`split_to: expected a stock dividend to add shares, got ${split_to} for ${split_from}`)
  }
  return {
    hasOwnId: id != null,
    action: {
      ...NOTHING,
      kind,
      id: id ?? idOf(kind, ticker, execution_date),
      effective_date: execution_date,
      old_shares: split_from,
      // The vendor counts the shares after it, as in a split; ours are those that come on top. The difference must not show noise.
      new_shares: kind === 'stock_dividend' ? Number((split_to - split_from).toFixed(10)) : split_to,
      subtype: adjustment_type ?? null,
      detail: detailOf(rest),
    },
  }
}

/** The older list has splits only, and no word for them. */
function kindOfSplit(type: string | null): ActionKind {
  if (type === null || type === 'forward_split' || type === 'reverse_split') return 'split'
  return type === 'stock_dividend' ? 'stock_dividend' : 'other'
}

/** A row of the dividends. US dollars are left unsaid, as in every other row. */
export function readDividend(row: unknown): ReadAction {
  const parsed = DividendRow.safeParse(row)
  if (!parsed.success) return refused(firstIssue(parsed.error))
  const { id, ticker, ex_dividend_date, cash_amount, currency, distribution_type, dividend_type, ...more } = parsed.data
  const { declaration_date, record_date, pay_date, ...rest } = more
  const days = { ex_dividend_date, declaration_date, record_date, pay_date }
  for (const [name, day] of Object.entries(days)) {
    if (day != null && !isDt(day)) return refused(`${name}: expected a day, got ${day.slice(0, 20)}`)
  }
  return {
    hasOwnId: id != null,
    action: {
      ...NOTHING,
      kind: 'cash_dividend',
      id: id ?? idOf('cash_dividend', ticker, ex_dividend_date),
      effective_date: ex_dividend_date,
      declaration_date: declaration_date ?? null,
      record_date: record_date ?? null,
      payable_date: pay_date ?? null,
      cash: cash_amount,
      currency: currency == null || currency === 'USD' ? null : currency,
      subtype: distribution_type ?? dividend_type ?? null,
      detail: detailOf(rest),
    },
  }
}

/** What an action does not say. */
export const NOTHING = {
  declaration_date: null,
  record_date: null,
  payable_date: null,
  cash: null,
  currency: null,
  old_shares: null,
  new_shares: null,
  other_symbol: null,
  subtype: null,
  detail: null,
} as const satisfies Partial<Action>

/** Fields without a column, sorted by name; null when there are none. */
function detailOf(rest: Record<string, unknown>): string | null {
  const fields = Object.entries(rest).filter(([name, value]) => value != null && !DERIVED.has(name))
  if (fields.length === 0) return null
  return JSON.stringify(Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1))))
}

/** The id of an action the vendor gave none. */
export const idOf = (kind: ActionKind, ticker: string, dt: Dt): string => `${kind}:${ticker}:${dt}`

/**
 * Numbers the rows that share a made-up id, from the second on. By what they say, so that the order in which they were served does
 * not matter; two that say the same are the same.
 */
export function numberActions<T extends Found>(found: readonly T[]): T[] {
  const sayings = new Map<string, string[]>()
  for (const { action, hasOwnId } of found) {
    const said = sayings.get(action.id) ?? []
    const text = JSON.stringify(action)
    if (!hasOwnId && !said.includes(text)) sayings.set(action.id, [...said, text].sort())
  }
  return found.map((one) => {
    const place = one.hasOwnId ? 0 : (sayings.get(one.action.id) ?? []).indexOf(JSON.stringify(one.action))
    return place === 0 ? one : { ...one, action: { ...one.action, id: `${one.action.id}:${place + 1}` } }
  })
}
