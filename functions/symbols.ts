/** GET /symbols: every symbol of the universe as it applies, where each day and ticker comes from, and what is worth a person's look. */
import type { Context } from 'hono'
import { z } from 'zod'
import type { ReferenceRow } from '../db/symbol-references/list-references.ts'
import { RequestError, readQuery, singleParam } from './_http/handler.ts'
import { isoOf } from './_http/iso-instant.ts'
import type { Node } from './_http/node.ts'
import { checking } from './_http/request-schemas.ts'
import { appliedSymbols, countRemarks } from './_references/apply-references.ts'
import type { StatedBy } from './_references/life.ts'
import type { AppliedSymbol } from './_references/refine-universe.ts'

const Query = z.strictObject({
  /** One symbol; absent: all. */
  symbol: singleParam(z.string()),
  /** Only symbols with a contradiction or a suggestion. */
  remarks: singleParam(z.literal('yes', { error: 'expected yes' })),
})

/** Reads only, asks nobody. Throws RequestError 400 for a query it does not know, 404 for a symbol the universe does not have. */
export const symbols = (node: Node) =>
  checking({ query: Query }, async (c: Context): Promise<Response> => {
    const { symbol, remarks } = readQuery(c, Query)
    const all = await appliedSymbols(node)
    const named = symbol === undefined ? all : all.filter((one) => one.symbol === symbol)
    if (symbol !== undefined && named.length === 0)
      throw new RequestError(404, `no symbol ${JSON.stringify(symbol)} here: the universe has ${all.length} others`)
    const hasRemark = (one: AppliedSymbol): boolean => one.contradictions.length + one.suggestions.length > 0
    const shown = remarks === undefined ? named : named.filter(hasRemark)
    return c.json({ ok: true, universe: all.length, ...countRemarks(all), symbols: shown.map(shownSymbol) })
  })

const shownSymbol = ({ symbol, from, to, was, rows, contradictions, suggestions }: AppliedSymbol): object => ({
  symbol,
  from: from.dt,
  fromStatedBy: sourceOf(from.stated),
  to: to.dt,
  toStatedBy: sourceOf(to.stated),
  was: was.tickers,
  wasStatedBy: sourceOf(was.stated),
  contradictions,
  suggestions,
  vendors: rows.map(vendorRow),
})

const sourceOf = (stated: StatedBy): unknown =>
  stated.by === 'vendors'
    ? stated.vendors.map(({ vendor, askedAt }) => ({ vendor, askedAt: isoOf(askedAt) }))
    : stated.by

/** What one vendor said, and when it was asked; what it never stated is left out. */
const vendorRow = (row: ReferenceRow): object => {
  const { symbol: _, ...said } = row
  const shown = Object.entries(said).filter(([, value]) => value !== null)
  return Object.fromEntries(shown.map(([name, value]) => [name, name.endsWith('At') ? isoOf(value as number) : value]))
}
