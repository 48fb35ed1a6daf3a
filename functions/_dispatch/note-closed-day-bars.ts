/** Notes bars that a vendor served for days without a session, where it left a session as near empty: its dates may be shifted by a day. */
import { listClosedDayBars, replaceClosedDayBars } from '../../db/closed-day-bars/closed-day-bars.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { isNearClosedDay, isShiftedDay } from '../_expected/closed-days.ts'
import { type Dt, maxDt, minDt } from '../_market/dt.ts'
import type { Claim } from './claim.ts'
import type { AnswerSummary, CellOutcome } from './outcomes.ts'

/** Of daily bars alone: other datasets show a shift of their dates by their stamps. An answer that was cut off says nothing. */
export async function noteClosedDayBars(
  context: Pick<DispatchContext, 'db' | 'now'>,
  { dataset, spec, plan, source }: Pick<Claim, 'dataset' | 'spec' | 'plan' | 'source'>,
  answer: AnswerSummary,
  outcomes: readonly CellOutcome[],
): Promise<void> {
  if (spec.expected_rows !== 'one' || answer.interruption !== null) return
  const days = plan.wants.map(({ dt }) => dt)
  const [from, to] = [days.reduce(minDt), days.reduce(maxDt)]
  const empty = emptyDays(outcomes)
  const calendar = calendarOf(spec.calendar)
  const found = answer.unrequested.filter(
    ({ symbol, dt }) =>
      dt >= from &&
      dt <= to &&
      !calendar.isSession(dt) &&
      empty
        .get(symbol)
        ?.some((session) => isNearClosedDay(calendar, dt, session) && isShiftedDay(calendar, dt, session)),
  )
  const vendor = source.connection.name
  if (found.length === 0 && (await listClosedDayBars(context.db, dataset, from, to)).length === 0) return
  const symbols = [...new Set(plan.wants.map(({ symbol }) => symbol))]
  await replaceClosedDayBars(context.db, { dataset, vendor, symbols, from, to, found, now: context.now() })
}

function emptyDays(outcomes: readonly CellOutcome[]): Map<string, Dt[]> {
  const empty = new Map<string, Dt[]>()
  for (const { outcome, want } of outcomes) {
    if (outcome !== 'empty') continue
    const days = empty.get(want.symbol)
    if (days === undefined) empty.set(want.symbol, [want.dt])
    else days.push(want.dt)
  }
  return empty
}
