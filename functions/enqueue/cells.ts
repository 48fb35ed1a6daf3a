/** The wished-for cells of one month, told apart by what is known of them. */
import type { KnownMonth } from '../../db/coverage/known-months.ts'
import type { SymbolRange } from '../_expected/expected.ts'
import { type Dt, dayBit, dtsOfMask } from '../_market/dt.ts'

export interface Cell {
  symbol: string
  dt: Dt
}

export interface Found {
  /** Neither present nor explained nor queued. */
  gaps: Cell[]
  present: Cell[]
  /** Without data, and settled. */
  explained: Cell[]
  /** Cells with an open task. */
  open: number
}

export function cellsOf(
  ranges: readonly SymbolRange[],
  { month, mask }: { month: string; mask: number },
  known: readonly KnownMonth[],
): Found {
  const rangeOf = new Map(ranges.map((symbolRange) => [symbolRange.symbol, symbolRange]))
  const found: Found = { gaps: [], present: [], explained: [], open: 0 }
  for (const { symbol, present, absent, open } of known) {
    const symbolRange = rangeOf.get(symbol)!
    for (const dt of dtsOfMask(month, mask)) {
      if (dt < symbolRange.fromDt || dt > symbolRange.toDt) continue
      const bit = dayBit(dt)
      if (open & bit) found.open += 1
      else if (present & bit) found.present.push({ symbol, dt })
      else if (absent & bit) found.explained.push({ symbol, dt })
      else found.gaps.push({ symbol, dt })
    }
  }
  return found
}
