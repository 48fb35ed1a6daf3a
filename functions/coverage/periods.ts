/** Coverage as numbers: what is expected, there and not there, by year or month and in all, with the reasons. */
import { tallyReasons } from '../../db/absences/tally-reasons.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { lookBackFrom } from '../_expected/expected.ts'
import { inBatches } from '../_forecast/coverage-slices.ts'
import type { Node } from '../_http/node.ts'
import { type Column, columnsOf } from './columns.ts'
import { addCounts, askedRanges, askedSlices, type Counts, countGrid, type Grid, noCounts } from './grid.ts'
import type { CoverageRequest } from './request.ts'

export interface PeriodCounts extends Omit<Counts, 'byRule' | 'recent'> {
  /** How many of `absent` there are of each reason. */
  absentBecause: Record<string, number>
  /** How many of `open` have a reason that says what they wait for, or why they were given up. */
  openBecause: Record<string, number>
}

/** Not a reason of the closed list: such a cell is a gap that nobody is going to ask for. */
const OUTSIDE_LOOK_BACK = 'outside the look-back'

type Because = Pick<PeriodCounts, 'absentBecause' | 'openBecause'>

export interface Coverage {
  total: PeriodCounts
  periods: ({ period: string; from: string; to: string } & PeriodCounts)[]
}

export async function coverageOf(node: Node, request: CoverageRequest): Promise<Coverage> {
  const sessions = calendarOf(request.spec.calendar).sessions(request.from, request.to)
  const columns = columnsOf(sessions, request.by)
  const grid = await countGrid(node, request, columns, 1, () => 0)
  const reasons = await reasonsOf(node, request, columns, grid)
  await countOlder(node, request, columns, reasons)
  const total = noCounts()
  for (const counts of grid.cells.flat()) addCounts(total, counts)
  return {
    total: told(total, sumOf(reasons)),
    periods: columns.map(({ name, from, to }, at) => ({
      period: name,
      from,
      to,
      ...told(grid.cells[0]![at]!, reasons[at]!),
    })),
  }
}

async function reasonsOf(node: Node, request: CoverageRequest, columns: Column[], grid: Grid): Promise<Because[]> {
  const { slices } = askedSlices(node, request, columns)
  const found = columns.map((): Because => ({ absentBecause: {}, openBecause: {} }))
  for await (const ranges of inBatches(askedRanges(node, request), slices.length)) {
    for (const { column, reason, isSettled, cells } of await tallyReasons(node.db, request.dataset, ranges, slices)) {
      const because = found[column]!
      count(isSettled === 1 ? because.absentBecause : because.openBecause, reason, cells)
    }
  }
  grid.cells[0]!.forEach(({ byRule }, at) => {
    if (byRule > 0) count(found[at]!.absentBecause, grid.ruleReason, byRule)
  })
  return found
}

/** Open cells before the look-back: they are expected and told, but no audit queues them. */
async function countOlder(node: Node, request: CoverageRequest, columns: Column[], found: Because[]): Promise<void> {
  const from = lookBackFrom(request.spec, request.asof)
  if (from <= request.from) return
  const older = columns.map(({ sessions, ...column }) => ({ ...column, sessions: sessions.filter((dt) => dt < from) }))
  const to = older.flatMap(({ sessions }) => sessions.at(-1) ?? []).at(-1)
  if (to === undefined) return
  const { cells } = await countGrid(node, { ...request, to }, older, 1, () => 0)
  cells[0]!.forEach(({ open }, at) => {
    if (open > 0) count(found[at]!.openBecause, OUTSIDE_LOOK_BACK, open)
  })
}

function sumOf(all: readonly Because[]): Because {
  const sum: Because = { absentBecause: {}, openBecause: {} }
  for (const because of all) {
    for (const [reason, cells] of Object.entries(because.absentBecause)) count(sum.absentBecause, reason, cells)
    for (const [reason, cells] of Object.entries(because.openBecause)) count(sum.openBecause, reason, cells)
  }
  return sum
}

function count(reasons: Record<string, number>, reason: string, cells: number): void {
  reasons[reason] = (reasons[reason] ?? 0) + cells
}

const told = ({ byRule: _, recent: _recent, ...counts }: Counts, because: Because): PeriodCounts => ({
  ...counts,
  ...because,
})
