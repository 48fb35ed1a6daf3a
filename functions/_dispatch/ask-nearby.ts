/** Asks for the days around a withdrawn action again: mostly it was not withdrawn but moved there, and the days' own turn may be weeks away. */
import { enqueueTasks, type NewTask } from '../../db/gap-tasks/enqueue-tasks.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { asofAt, expectedRows, symbolRanges } from '../_expected/expected.ts'
import { type CellKey, cellKey } from '../_market/cell.ts'
import { addDays, maxDt, minDt } from '../_market/dt.ts'
import type { Claim } from './claim.ts'
import type { Corrections } from './detect-corrections.ts'

/** Ex-dates are corrected by days. */
const DAYS_AROUND = 6
/** Before the rest of the backlog: until it is asked the action is on no day. */
const PRIORITY = 60

/** What the same answer spoke of already is left out. */
export async function askNearby(
  context: DispatchContext,
  { spec, dataset, plan, source }: Claim,
  corrections: ReadonlyMap<CellKey, Corrections>,
  asOf: number,
): Promise<void> {
  if (spec.expected_rows !== 'events') return
  const hasLost = ({ symbol, dt }: { symbol: string; dt: string }): boolean =>
    (corrections.get(cellKey(symbol, dt))?.difference?.removed ?? 0) > 0
  const lost = plan.wants.filter(hasLost)
  if (lost.length === 0) return
  const ranges = new Map(symbolRanges(context.config, spec, asofAt(asOf)).map((range) => [range.symbol, range]))
  const answered = new Set(plan.wants.map(({ symbol, dt }) => cellKey(symbol, dt)))
  const tasks = new Map<CellKey, NewTask>()
  for (const { symbol, dt } of lost) {
    const range = ranges.get(symbol)
    if (range === undefined) continue
    const [from, to] = [maxDt(addDays(dt, -DAYS_AROUND), range.fromDt), minDt(addDays(dt, DAYS_AROUND), range.toDt)]
    for (const day of calendarOf(spec.calendar).sessions(from, to)) {
      if (answered.has(cellKey(symbol, day))) continue
      tasks.set(cellKey(symbol, day), {
        symbol,
        dt: day,
        lane: 'backfill',
        priority: PRIORITY,
        expectedRows: expectedRows(spec, symbol, day),
        reason: 're_read',
        nextAt: context.now(),
        vendor: source.connection.name,
      })
    }
  }
  await enqueueTasks(context.db, dataset, [...tasks.values()], context.now())
}
