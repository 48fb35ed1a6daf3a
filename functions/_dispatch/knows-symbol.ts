/** Which vendors know a symbol: only those can say that its days are empty. */
import type { Attempt } from '../../db/attempts/list-attempts.ts'
import { listUnknown } from '../../db/symbol-references/list-unknown.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import type { Claim } from './claim.ts'
import type { CellOutcome } from './outcomes.ts'

/**
 * Of each vendor and symbol of a claim whether the vendor knows the symbol. It does not where its own lists were asked and say nothing of it, and none of
 * its answers for these cells has rows: its silence then says nothing about the days. A list that was never asked proves nothing against a vendor.
 */
export async function knowsSymbolFrom(
  context: DispatchContext,
  claim: Claim,
  outcomes: readonly CellOutcome[],
  known: readonly Attempt[],
): Promise<(vendor: string, symbol: string) => boolean> {
  const open = new Set(outcomes.flatMap(({ want, outcome }) => (outcome === 'filled' ? [] : [want.symbol])))
  const doubted = open.size === 0 ? [] : await listUnknown(context.db, [...open])
  if (doubted.length === 0) return () => true
  const asked = claim.source.connection.name
  const delivered = new Set([
    ...known.flatMap(({ vendor, symbol, rows }) => (rows > 0 ? [`${vendor} ${symbol}`] : [])),
    ...outcomes.flatMap(({ want, rows }) => (rows.length > 0 ? [`${asked} ${want.symbol}`] : [])),
  ])
  const unknown = new Set(
    doubted.map(({ vendor, symbol }) => `${vendor} ${symbol}`).filter((pair) => !delivered.has(pair)),
  )
  return (vendor, symbol) => !unknown.has(`${vendor} ${symbol}`)
}
