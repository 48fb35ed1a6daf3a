/** Plays Alpaca's corporate actions: all kinds in one stream by process date, cut into pages, grouped by kind in each. */
import { isDt } from '../../functions/_market/dt.ts'
import { type ActionSource, cusipOf, type LabAction, processDtOf, uuidOf } from './action-source.ts'
import { limitOf, oneOf, orderOf, refuse } from './alpaca-query.ts'
import { newYorkDt } from './new-york.ts'
import { json, type Question, type Reply } from './reply.ts'

/** What `types` may name (market data API, OpenAPI 1.1), with the key its rows come under; the lab holds four of them. */
const PLURAL: Record<string, string> = {
  reverse_split: 'reverse_splits',
  forward_split: 'forward_splits',
  unit_split: 'unit_splits',
  cash_dividend: 'cash_dividends',
  stock_dividend: 'stock_dividends',
  spin_off: 'spin_offs',
  cash_merger: 'cash_mergers',
  stock_merger: 'stock_mergers',
  stock_and_cash_merger: 'stock_and_cash_mergers',
  redemption: 'redemptions',
  name_change: 'name_changes',
  worthless_removal: 'worthless_removals',
  rights_distribution: 'rights_distributions',
  partial_call: 'partial_calls',
  reorganization: 'reorganizations',
  capital_gains_distribution: 'capital_gains_distributions',
}

interface Printed {
  type: string
  id: string
  cusip: string
  process: string
  symbols: string[]
  knownDt: string
  row: Record<string, unknown>
}

const idOf = (action: LabAction): string => uuidOf(action.kind, action.symbol, action.exDt, JSON.stringify(action))

function printAction(action: LabAction): Printed {
  const { symbol, exDt, knownDt } = action
  const process = processDtOf(action)
  const id = idOf(action)
  const cusip = cusipOf(symbol)
  const all = { id, cusip, process, knownDt }
  switch (action.kind) {
    case 'dividend': {
      const { recordDt, payDt, cash, special } = action
      const days = { ex_date: exDt, record_date: recordDt, payable_date: payDt, process_date: process }
      const row = { id, symbol, cusip, rate: cash, special, foreign: false, ...days }
      return { ...all, type: 'cash_dividend', symbols: [symbol], row }
    }
    case 'split': {
      const rates = { new_rate: action.to, old_rate: action.from, ex_date: exDt, process_date: process }
      if (action.to > action.from) {
        return {
          ...all,
          type: 'forward_split',
          symbols: [symbol],
          row: { id, symbol, cusip, ...rates, payable_date: exDt },
        }
      }
      const cusips = { old_cusip: cusip, new_cusip: cusipOf(`${symbol} ${exDt}`) }
      return { ...all, type: 'reverse_split', symbols: [symbol], row: { id, symbol, ...cusips, ...rates } }
    }
    case 'name-change': {
      const names = { old_symbol: action.oldSymbol, new_symbol: symbol, old_cusip: cusip, new_cusip: cusip }
      const row = { id, ...names, process_date: process }
      return { ...all, type: 'name_change', symbols: [symbol, action.oldSymbol], row }
    }
    default:
      return action satisfies never
  }
}

/** The limit counts the rows of all kinds together, so a kind's rows may straddle two pages. */
export function actionsPage(source: ActionSource, question: Question): Reply {
  const { query, now } = question
  const today = newYorkDt(now)
  const day = (name: string): string => {
    // The official client prints days; a stamp's day counts.
    const text = (query.get(name) ?? today).slice(0, 10)
    if (!isDt(text)) throw refuse(400, `Invalid format for parameter ${name}: error parsing '${text}' as 2006-01-02`)
    return text
  }
  const list = (name: string): string[] | undefined =>
    query
      .get(name)
      ?.split(',')
      .filter((text) => text !== '')
  const [start, end] = [day('start'), day('end')]
  if (end < start) throw refuse(400, 'end should not be before start')
  const types = list('types')
  const alien = types?.find((type) => !(type in PLURAL))
  if (alien !== undefined) throw refuse(400, `invalid type: ${alien}`)
  oneOf('region', query.get('region') ?? 'us', ['us', 'non_us', 'all'])
  const limit = limitOf(query, 100, 1_000)
  const order = orderOf(query)
  const [symbols, cusips, ids] = [list('symbols'), list('cusips'), list('ids')]

  const rows = source
    .actions()
    .filter((action) => action.knownDt <= today)
    .map(printAction)
    .filter((row) => {
      if (ids) return ids.includes(row.id)
      if (row.process < start || row.process > end || query.get('region') === 'non_us') return false
      if (types && !types.includes(row.type)) return false
      return (
        (!symbols || symbols.some((symbol) => row.symbols.includes(symbol))) && (!cusips || cusips.includes(row.cusip))
      )
    })
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  if (order === 'desc') rows.reverse()

  const token = query.get('page_token')
  const first = token === null ? 0 : behind(rows, token)
  const page = rows.slice(first, first + limit)
  const last = first + limit < rows.length ? page.at(-1) : undefined
  const groups: Record<string, Record<string, unknown>[]> = {}
  for (const { type, row } of page) {
    const key = PLURAL[type] as string
    groups[key] = [...(groups[key] ?? []), row]
  }
  const next = last ? Buffer.from(`${last.cusip}|${last.process}|${last.id}`).toString('base64') : null
  return { ...json(200, { corporate_actions: groups, next_page_token: next }), rows: page.length }
}

const keyOf = (row: Printed): string => `${row.process} ${row.cusip} ${row.id}`

function behind(rows: Printed[], token: string): number {
  const id = Buffer.from(token, 'base64').toString().split('|')[2]
  const at = rows.findIndex((row) => row.id === id)
  if (at < 0) throw refuse(400, 'invalid page_token')
  return at + 1
}
