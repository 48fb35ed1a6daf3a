/** A zero by which vendors say that they do not know: a bar with trades has an average price and a number of trades. */
import type { Bar, Row } from './row.ts'

/**
 * The row with an unknown vwap or number of trades as null: 0 beside a volume above 0. Any other row comes back as it is. Alpaca writes `vw: 0, n: 0`
 * beside real prices. _lake/column-mapping.ts does the same in SQL.
 */
export function withoutUnknownZeros<R extends Row>(row: R): R {
  const { volume, vwap, trades } = row as Partial<Bar>
  if (volume === undefined || !(volume > 0) || (vwap !== 0 && trades !== 0)) return row
  return { ...row, vwap: vwap === 0 ? null : vwap, trades: trades === 0 ? null : trades }
}
