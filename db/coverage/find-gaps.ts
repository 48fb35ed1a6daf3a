/** Expected minus known: the audit over month masks. */
import type { Db } from '../client.ts'
import { countDays } from '../gap-tasks/day-mask.ts'
import { takeCoverage, takeQueued } from './known-days.ts'
import {
  type ExpectedRange,
  expectedGrid,
  type MaskGrid,
  type MonthMask,
  type MonthOfGaps,
  monthsLeft,
} from './mask-grid.ts'

/** (symbol, month) pairs that are handed over together. */
const PAIRS_PER_SLICE = 180_000
/** Pairs one statement looks at, and during which nothing else runs: some 5 ms, or 50 when every day of them is queued. */
const PAIRS_PER_READ = 15_000

/**
 * Months with expected cells that are neither present, nor explained, nor queued already, in slices of some months each: the oldest months
 * first, and symbol by symbol within a slice, which is the order the queue's index of cells is written fastest in. The
 * coverage is read completely before the first slice, in the order of its index; a cell that is filled after that may still be named.
 */
export async function* gapSlices(
  db: Db,
  dataset: string,
  ranges: readonly ExpectedRange[],
  months: readonly MonthMask[],
): AsyncGenerator<MonthOfGaps[]> {
  const bySymbol = [...ranges].sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
  const ascending = [...months].sort((a, b) => (a.month < b.month ? -1 : 1))
  const grids: MaskGrid[] = []
  for (const some of piecesOf(bySymbol, PAIRS_PER_READ / ascending.length)) {
    const grid = expectedGrid(some, ascending)
    await takeCoverage(db, dataset, grid)
    await takeQueued(db, dataset, grid)
    grids.push(grid)
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  for (const slice of piecesOf(ascending, PAIRS_PER_SLICE / ranges.length)) {
    const gaps: MonthOfGaps[] = []
    for (const grid of grids) for (const month of monthsLeft(grid, slice)) gaps.push(month)
    if (gaps.length > 0) yield gaps
  }
}

/** The first `limit` months of gaps, oldest month first and by symbol within a month. */
export async function findGaps(
  db: Db,
  dataset: string,
  ranges: readonly ExpectedRange[],
  months: readonly MonthMask[],
  limit: number,
): Promise<MonthOfGaps[]> {
  const found: MonthOfGaps[] = []
  for await (const slice of gapSlices(db, dataset, ranges, months)) {
    found.push(...oldestFirst(slice).slice(0, limit - found.length))
    if (found.length >= limit) break
  }
  return found
}

/** At most so many days of a slice, the oldest ones; in its own order where all of it fits. */
export function oldestDays(slice: readonly MonthOfGaps[], most: number): readonly MonthOfGaps[] {
  if (daysOf(slice) <= most) return slice
  const kept: MonthOfGaps[] = []
  let room = most
  for (const month of byMonth(slice)) {
    const days = daysOf(month)
    const part = days <= room ? month : firstDays(month, room)
    for (const one of part) kept.push(one)
    room -= days
    if (room <= 0) break
  }
  return kept
}

const daysOf = (months: readonly MonthOfGaps[]): number => months.reduce((sum, { gaps }) => sum + countDays(gaps), 0)

function byMonth(slice: readonly MonthOfGaps[]): MonthOfGaps[][] {
  const months = new Map<string, MonthOfGaps[]>()
  for (const one of oldestFirst(slice)) {
    const known = months.get(one.month)
    if (known) known.push(one)
    else months.set(one.month, [one])
  }
  return [...months.values()]
}

/** So many days of one month, day by day over all its symbols: a queue whose end is ragged leaves calls with holes. */
function firstDays(month: readonly MonthOfGaps[], most: number): MonthOfGaps[] {
  const taken = month.map((one) => ({ ...one, gaps: 0 }))
  let room = most
  for (let day = 0; day < 31; day++) {
    for (const [at, { gaps }] of month.entries()) {
      if (((gaps >>> day) & 1) === 0) continue
      if (room-- <= 0) return taken.filter((one) => one.gaps !== 0)
      taken[at]!.gaps |= 1 << day
    }
  }
  return taken.filter((one) => one.gaps !== 0)
}

const oldestFirst = (slice: readonly MonthOfGaps[]): MonthOfGaps[] =>
  [...slice].sort((a, b) => (a.month === b.month ? (a.symbol < b.symbol ? -1 : 1) : a.month < b.month ? -1 : 1))

/** Runs of neighbours, about so many each and at least one. */
function* piecesOf<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  const step = Math.max(1, Math.floor(size))
  for (let at = 0; at < all.length; at += step) yield all.slice(at, at + step)
}
