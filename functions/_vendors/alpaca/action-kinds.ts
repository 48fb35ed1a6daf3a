/** The kinds of corporate actions Alpaca knows, each with its own fields (data API, OpenAPI 1.1; official JS client 4.0.2). */
import { z } from 'zod'
import { type Dt, DtText } from '../../_market/dt.ts'
import type { Action, ActionKind } from '../../_market/row.ts'
import { firstIssue } from '../read-json.ts'

/** What a kind puts into columns; all other fields go into `detail`. */
export type ActionColumns = { effective_date: Dt; rest: Record<string, unknown> } & Partial<
  Pick<Action, 'record_date' | 'payable_date' | 'cash' | 'old_shares' | 'new_shares' | 'other_symbol' | 'subtype'>
>

/** How rows of one kind are read. */
export interface ActionKindReader {
  kind: ActionKind
  /** Field names: whose action it is, and when it takes effect. */
  owner: string
  effective: string
  /** The columns, or what did not fit. */
  read(row: Record<string, unknown>): ActionColumns | string
}

/** Joins a kind's schema with what its fields mean. Fields the schema does not name pass through. */
const sort = <Row>(
  kind: ActionKind,
  owner: string,
  effective: string,
  schema: z.ZodType<Row>,
  columnsOf: (row: Row) => ActionColumns,
): ActionKindReader => ({
  kind,
  owner,
  effective,
  read(row) {
    const parsed = schema.safeParse(row)
    return parsed.success ? columnsOf(parsed.data) : firstIssue(parsed.error)
  },
})

const Ticker = z.string().min(1)
/** An empty text means the same as none. */
const MaybeText = z
  .string()
  .nullish()
  .transform((text) => text || null)
const MaybeDay = z
  .union([DtText, z.literal('')])
  .nullish()
  .transform((text) => text || null)
const Rate = z.number()
const MaybeRate = z
  .number()
  .nullish()
  .transform((rate) => rate ?? null)

/** What all kinds have in common. */
export const Common = z.looseObject({ id: MaybeText, currency: MaybeText })
const Paid = { record_date: MaybeDay, payable_date: MaybeDay }

const Dividend = z.looseObject({
  symbol: Ticker,
  ex_date: DtText,
  rate: Rate,
  special: z.boolean().nullish(),
  sub_type: MaybeText,
  ...Paid,
})
const dividend = (kind: ActionKind): ActionKindReader =>
  sort(kind, 'symbol', 'ex_date', Dividend, ({ symbol: _, ex_date, rate, special, sub_type, ...row }) => {
    const { record_date, payable_date, ...rest } = row
    // Where the vendor says both, the word takes the column.
    const subtype = sub_type ?? (special ? 'special' : null)
    return {
      effective_date: ex_date,
      record_date,
      payable_date,
      cash: rate,
      subtype,
      rest: sub_type !== null && special ? { ...rest, special } : rest,
    }
  })

const Split = z.looseObject({ symbol: Ticker, ex_date: DtText, old_rate: Rate, new_rate: Rate, ...Paid })
/** A reverse split's `new_symbol` and both its cusips are details: the company stays the same. */
const split = sort('split', 'symbol', 'ex_date', Split, (row) => {
  const { symbol: _, ex_date, old_rate, new_rate, record_date, payable_date, ...rest } = row
  return { effective_date: ex_date, record_date, payable_date, old_shares: old_rate, new_shares: new_rate, rest }
})

const UnitSplit = z.looseObject({
  old_symbol: Ticker,
  new_symbol: MaybeText,
  effective_date: DtText,
  old_rate: Rate,
  new_rate: Rate,
  ...Paid,
})
const StockDividend = z.looseObject({ symbol: Ticker, ex_date: DtText, rate: Rate, ...Paid })
const SpinOff = z.looseObject({
  source_symbol: Ticker,
  new_symbol: MaybeText,
  ex_date: DtText,
  source_rate: Rate,
  new_rate: Rate,
  ...Paid,
})
const Merger = { acquiree_symbol: Ticker, acquirer_symbol: MaybeText, effective_date: DtText, ...Paid }
const CashMerger = z.looseObject({ ...Merger, rate: Rate })
const StockMerger = z.looseObject({ ...Merger, acquiree_rate: Rate, acquirer_rate: Rate })
const StockAndCashMerger = z.looseObject({ ...Merger, acquiree_rate: Rate, acquirer_rate: Rate, cash_rate: Rate })
const Redemption = z.looseObject({ symbol: Ticker, process_date: DtText, rate: Rate, ...Paid })
const NameChange = z.looseObject({ old_symbol: Ticker, new_symbol: Ticker, process_date: DtText })
const Removal = z.looseObject({ symbol: Ticker, process_date: DtText })
const Rights = z.looseObject({ source_symbol: Ticker, new_symbol: MaybeText, ex_date: DtText, rate: Rate, ...Paid })
const PartialCall = z.looseObject({
  symbol: Ticker,
  process_date: DtText,
  price: MaybeRate,
  lottery_type: MaybeText,
  ...Paid,
})
const Reorganization = z.looseObject({ symbol: Ticker, effective_date: DtText, cash_rate: MaybeRate, ...Paid })

/** By the plural under which the rows come. What has no day of its own takes effect when it is processed. */
export const ACTION_KIND_READERS: Record<string, ActionKindReader> = {
  cash_dividends: dividend('cash_dividend'),
  // Named among the types; its fields are taken to be those of a dividend.
  capital_gains_distributions: dividend('capital_gains_distribution'),
  forward_splits: split,
  reverse_splits: split,
  unit_splits: sort('unit_split', 'old_symbol', 'effective_date', UnitSplit, (row) => {
    const { old_symbol: _, new_symbol, old_rate, new_rate, ...columns } = row
    const { effective_date, record_date, payable_date, ...rest } = columns
    const shares = { old_shares: old_rate, new_shares: new_rate }
    return { effective_date, record_date, payable_date, ...shares, other_symbol: new_symbol, rest }
  }),
  stock_dividends: sort('stock_dividend', 'symbol', 'ex_date', StockDividend, (row) => {
    const { symbol: _, ex_date, rate, record_date, payable_date, ...rest } = row
    return { effective_date: ex_date, record_date, payable_date, old_shares: 1, new_shares: rate, rest }
  }),
  spin_offs: sort('spin_off', 'source_symbol', 'ex_date', SpinOff, (row) => {
    const { source_symbol: _, new_symbol, ex_date, source_rate, new_rate, ...columns } = row
    const { record_date, payable_date, ...rest } = columns
    const shares = { old_shares: source_rate, new_shares: new_rate }
    return { effective_date: ex_date, record_date, payable_date, ...shares, other_symbol: new_symbol, rest }
  }),
  cash_mergers: sort('cash_merger', 'acquiree_symbol', 'effective_date', CashMerger, ({ rate, ...row }) => ({
    ...merged(row),
    cash: rate,
  })),
  stock_mergers: sort('stock_merger', 'acquiree_symbol', 'effective_date', StockMerger, (row) => {
    const { acquiree_rate, acquirer_rate, ...others } = row
    return { ...merged(others), old_shares: acquiree_rate, new_shares: acquirer_rate }
  }),
  stock_and_cash_mergers: sort(
    'stock_and_cash_merger',
    'acquiree_symbol',
    'effective_date',
    StockAndCashMerger,
    (row) => {
      const { acquiree_rate, acquirer_rate, cash_rate, ...others } = row
      return { ...merged(others), old_shares: acquiree_rate, new_shares: acquirer_rate, cash: cash_rate }
    },
  ),
  redemptions: sort('redemption', 'symbol', 'process_date', Redemption, (row) => {
    const { symbol: _, process_date, rate, record_date, payable_date, ...rest } = row
    return { effective_date: process_date, record_date, payable_date, cash: rate, rest }
  }),
  name_changes: sort('name_change', 'new_symbol', 'process_date', NameChange, (row) => {
    const { new_symbol: _, old_symbol, process_date, ...rest } = row
    return { effective_date: process_date, other_symbol: old_symbol, rest }
  }),
  worthless_removals: sort('worthless_removal', 'symbol', 'process_date', Removal, (row) => {
    const { symbol: _, process_date, ...rest } = row
    return { effective_date: process_date, rest }
  }),
  rights_distributions: sort('rights_distribution', 'source_symbol', 'ex_date', Rights, (row) => {
    const { source_symbol: _, new_symbol, ex_date, rate, record_date, payable_date, ...rest } = row
    const shares = { old_shares: 1, new_shares: rate }
    return { effective_date: ex_date, record_date, payable_date, ...shares, other_symbol: new_symbol, rest }
  }),
  partial_calls: sort('partial_call', 'symbol', 'process_date', PartialCall, (row) => {
    const { symbol: _, process_date, price, lottery_type, record_date, payable_date, ...rest } = row
    return { effective_date: process_date, record_date, payable_date, cash: price, subtype: lottery_type, rest }
  }),
  reorganizations: sort('reorganization', 'symbol', 'effective_date', Reorganization, (row) => {
    const { symbol: _, effective_date, cash_rate, record_date, payable_date, ...rest } = row
    return { effective_date, record_date, payable_date, cash: cash_rate, rest }
  }),
}

/** The columns all mergers share; the row is the acquiree's. */
function merged(row: z.infer<z.ZodObject<typeof Merger>> & Record<string, unknown>): ActionColumns {
  const { acquiree_symbol: _, acquirer_symbol, effective_date, record_date, payable_date, ...rest } = row
  return { effective_date, record_date, payable_date, other_symbol: acquirer_symbol, rest }
}
