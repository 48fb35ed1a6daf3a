/** Puts what vendors' reference lists say of symbols into effect: the one place that changes the node's universe. */
import type { Listing } from '../../config/schema.ts'
import { deliveredSpans } from '../../db/coverage/delivered-spans.ts'
import { listReferences, type ReferenceRow } from '../../db/symbol-references/list-references.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { datasetsOf } from '../_catalog/catalog.ts'
import type { NodeContext } from '../_catalog/context.ts'
import { maxDt, minDt } from '../_market/dt.ts'
import type { DeliveredDays } from './life.ts'
import { type AppliedSymbol, type RefinedUniverse, refineUniverse } from './refine-universe.ts'

export type ReferenceContext = Pick<NodeContext, 'config' | 'db'>

/**
 * Replaces the universe of the configuration by the refined one. It is made of the stated universe and the database alone, so that a repeat, or a
 * start, gives the same; functions see it from their next look on, as they see a changed file after a start.
 */
export async function applyReferences(
  context: ReferenceContext,
): Promise<{ changed: string[]; symbols: AppliedSymbol[] }> {
  const { config } = context
  const { universe, symbols } = await refined(context)
  const before = new Map(config.universe.map((entry) => [entry.symbol, JSON.stringify(entry)]))
  const changed = universe.filter((entry) => before.get(entry.symbol) !== JSON.stringify(entry))
  config.stated = statedOf(context)
  config.universe = universe
  return { changed: changed.map(({ symbol }) => symbol), symbols }
}

/** Every symbol of the universe with its sources, as it applies now. */
export const appliedSymbols = async (context: ReferenceContext): Promise<AppliedSymbol[]> =>
  (await refined(context)).symbols

/** Of all symbols together. */
export const countRemarks = (symbols: readonly AppliedSymbol[]): { contradictions: number; suggestions: number } => ({
  contradictions: symbols.reduce((sum, one) => sum + one.contradictions.length, 0),
  suggestions: symbols.reduce((sum, one) => sum + one.suggestions.length, 0),
})

export const statedOf = ({ config }: Pick<ReferenceContext, 'config'>): Listing[] => config.stated ?? config.universe

async function refined(context: ReferenceContext): Promise<RefinedUniverse> {
  const stated = statedOf(context)
  const rows = new Map<string, ReferenceRow[]>()
  for (const row of await listReferences(context.db)) {
    // A vendor that was taken out of the configuration has no say any more, and one on another's account speaks for that one.
    const vendor = context.config.vendors[row.vendor]
    if (vendor === undefined || vendor.account !== undefined) continue
    const known = rows.get(row.symbol)
    if (known) known.push(row)
    else rows.set(row.symbol, [row])
  }
  const doubtful = stated.filter((entry) => isWeighed(entry, rows.get(entry.symbol) ?? [])).map(({ symbol }) => symbol)
  const delivered = await deliveredDays(context, doubtful)
  return refineUniverse(stated, { rows, delivered, calendarStart: calendarOf('xnys').first })
}

/** Whether a day that a vendor states is weighed against what was delivered: looking that up is most of the work. */
const isWeighed = (entry: Listing, rows: readonly ReferenceRow[]): boolean =>
  rows.some((row) => (row.delistedOn !== null && row.isListed !== true) || (entry.undated && row.listedFrom !== null))

/** Of bars of stocks: other datasets also have days on which nothing was to be had. */
async function deliveredDays(
  { config, db }: ReferenceContext,
  symbols: readonly string[],
): Promise<Map<string, DeliveredDays>> {
  const delivered = new Map<string, DeliveredDays>()
  if (symbols.length === 0) return delivered
  for (const { dataset, spec } of datasetsOf(config)) {
    if (spec.timeframe === undefined || spec.contracts !== undefined) continue
    for (const { symbol, first, last } of await deliveredSpans(db, dataset, symbols)) {
      const known = delivered.get(symbol) ?? { first, last }
      delivered.set(symbol, { first: minDt(known.first, first), last: maxDt(known.last, last) })
    }
  }
  return delivered
}
