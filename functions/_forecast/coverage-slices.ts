/** The masks with which coverage is counted: sessions as slices of months, symbols as ranges of months, some symbols at a time. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { Slice, TalliedRange } from '../../db/coverage/tally-slices.ts'
import type { SymbolRange } from '../_expected/expected.ts'
import { type Dt, dayBit, monthOf } from '../_market/dt.ts'

/** (symbol, month) pairs one statement looks at: about twenty milliseconds on a small machine. */
const PAIRS_AT_ONCE = 6_000
/** The mask of a whole month. */
export const ALL_DAYS = 2 ** 31 - 1

/** The sessions of each column month by month, cut where what no vendor has by rule begins or ends. */
export function slicesOf(
  columns: readonly { sessions: readonly Dt[] }[],
  isByRule: (dt: Dt) => boolean = () => false,
): Slice[] {
  const slices: Slice[] = []
  columns.forEach(({ sessions }, column) => {
    for (const dt of sessions) {
      const byRule = isByRule(dt) ? 1 : 0
      const last = slices.at(-1)
      if (last?.column === column && last.month === monthOf(dt) && last.byRule === byRule) {
        last.mask += dayBit(dt)
        last.days++
      } else slices.push({ column, month: monthOf(dt), mask: dayBit(dt), days: 1, byRule })
    }
  })
  return slices
}

/** A symbol's days as they are counted, in one row of the grid. */
export const talliedRange = ({ symbol, fromDt, toDt }: SymbolRange, row: number): TalliedRange => ({
  symbol,
  row,
  fromMonth: monthOf(fromDt),
  toMonth: monthOf(toDt),
  fromMask: ALL_DAYS - (dayBit(fromDt) - 1),
  toMask: dayBit(toDt) * 2 - 1,
})

/** Some ranges at a time, as many as one statement may count in so many slices; the event loop turns before each batch. */
export async function* inBatches<Range>(ranges: readonly Range[], slices: number): AsyncGenerator<Range[]> {
  const size = Math.max(1, Math.floor(PAIRS_AT_ONCE / Math.max(1, slices)))
  for (let at = 0; at < ranges.length; at += size) {
    await yieldToEventLoop()
    yield ranges.slice(at, at + size)
  }
}
