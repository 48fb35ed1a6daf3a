/** Cells counted into a grid of symbols × time, out of the month masks: some symbols at a time, so that nothing else has to wait. */
import { type Slice, type TalliedRange, tallySlices } from '../../db/coverage/tally-slices.ts'
import { countDays } from '../../db/gap-tasks/day-mask.ts'
import { earliestAvailable } from '../_catalog/absent-by-rule.ts'
import { type SymbolRange, symbolRanges } from '../_expected/expected.ts'
import { ALL_DAYS, inBatches, slicesOf, talliedRange } from '../_forecast/coverage-slices.ts'
import type { Node } from '../_http/node.ts'
import { maxDt, minDt } from '../_market/dt.ts'
import type { AbsenceReason } from '../_market/outcome.ts'
import type { Column } from './columns.ts'
import type { CoverageRequest } from './request.ts'

/** expected = present + absent + open; short and held ones are present. */
export interface Counts {
  expected: number
  present: number
  short: number
  held: number
  /** Explained for good, or until they are looked at again. */
  absent: number
  /** Of these, those no vendor can have by rule: they have no row anywhere. */
  byRule: number
  /** Neither present nor explained: queued, waiting, given up, or not found by an audit yet. */
  open: number
  /** Of the open ones, those that no vendor has yet. Counted for the picture alone. */
  recent: number
}

export interface Grid {
  /** `cells[row][column]` */
  cells: Counts[][]
  /** What an absence by rule is called. */
  ruleReason: AbsenceReason
}

export const noCounts = (): Counts => ({
  expected: 0,
  present: 0,
  short: 0,
  held: 0,
  absent: 0,
  byRule: 0,
  open: 0,
  recent: 0,
})

export function addCounts(sum: Counts, more: Counts): void {
  sum.expected += more.expected
  sum.present += more.present
  sum.short += more.short
  sum.held += more.held
  sum.absent += more.absent
  sum.byRule += more.byRule
  sum.open += more.open
  sum.recent += more.recent
}

/** The lives of the symbols asked about, cut to the days asked about, in the order of the symbols. */
export function askedRanges(node: Node, { spec, asof, symbols, from, to }: CoverageRequest): SymbolRange[] {
  const wanted = new Set(symbols)
  return symbolRanges(node.config, spec, asof)
    .filter(({ symbol }) => wanted.has(symbol))
    .map((symbolRange) => ({
      symbol: symbolRange.symbol,
      fromDt: maxDt(symbolRange.fromDt, from),
      toDt: minDt(symbolRange.toDt, to),
    }))
    .filter(({ fromDt, toDt }) => fromDt <= toDt)
    .sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
}

/** The slices of the columns, cut where the history of the vendors begins, and the reason of what lies before. */
export function askedSlices(
  node: Node,
  request: CoverageRequest,
  columns: readonly Column[],
): { slices: Slice[]; ruleReason: AbsenceReason } {
  const earliest = earliestAvailable(node, request.dataset)
  return {
    slices: slicesOf(columns, (dt) => earliest === null || dt < earliest),
    ruleReason: earliest === null ? 'NOT_ENTITLED' : 'BEFORE_VENDOR_HISTORY',
  }
}

/** Counts the cells of the symbol ranges; `rowOf` says in which of `rows` rows a symbol is counted. Reads only. */
export async function countGrid(
  node: Node,
  request: CoverageRequest,
  columns: readonly Column[],
  rows: number,
  rowOf: (symbol: string) => number,
): Promise<Grid> {
  const { slices, ruleReason } = askedSlices(node, request, columns)
  const ranges = askedRanges(node, request).map((symbolRange) => talliedRange(symbolRange, rowOf(symbolRange.symbol)))
  const cells = Array.from({ length: rows }, () => columns.map(noCounts))
  for await (const batch of inBatches(ranges, slices.length)) {
    for (const symbolRange of batch) countExpected(symbolRange, slices, cells[symbolRange.row]!)
    for (const tally of await tallySlices(node.db, request.dataset, batch, slices)) {
      const counts = cells[tally.row]![tally.column]!
      counts.present += tally.present
      counts.short += tally.short
      counts.held += tally.held
      counts.absent += tally.absent
      // What is there, or explained by an answer, needs no rule.
      if (tally.byRule === 1) counts.byRule -= tally.present + tally.absent
    }
  }
  for (const counts of cells.flat()) {
    counts.absent += counts.byRule
    counts.open = counts.expected - counts.present - counts.absent
  }
  return { cells, ruleReason }
}

function countExpected(symbolRange: TalliedRange, slices: readonly Slice[], row: Counts[]): void {
  for (const { column, month, mask, days, byRule } of slices) {
    if (month < symbolRange.fromMonth || month > symbolRange.toMonth) continue
    const isCut = month === symbolRange.fromMonth || month === symbolRange.toMonth
    const expected = isCut ? countDays(mask & cutOf(symbolRange, month)) : days
    const counts = row[column]!
    counts.expected += expected
    if (byRule === 1) counts.byRule += expected
  }
}

const cutOf = ({ fromMonth, fromMask, toMonth, toMask }: TalliedRange, month: string): number =>
  (month === fromMonth ? fromMask : ALL_DAYS) & (month === toMonth ? toMask : ALL_DAYS)
