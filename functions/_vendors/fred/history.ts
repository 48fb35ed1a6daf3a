/** Puts the vintages of one observation together from windows that each saw a part of its history. */
import type { Yield } from '../../_market/row.ts'

const byStart = (a: Yield, b: Yield): number =>
  a.realtime_start < b.realtime_start ? -1 : a.realtime_start > b.realtime_start ? 1 : 0

/**
 * The values of one observation of one series by the day from which each was known, newest last. A row that repeats the value before
 * it is no vintage: a window clips the value that was in force when it began to its own first day. Two values of one day are both
 * kept, in the order served.
 */
export function vintagesOf(served: readonly Yield[]): Yield[] {
  const vintages: Yield[] = []
  for (const row of served.toSorted(byStart)) {
    const before = vintages.at(-1)
    if (before === undefined || before.value !== row.value) vintages.push(row)
  }
  return vintages
}
