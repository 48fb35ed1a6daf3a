/** What the masks say of each day of a dataset: how many cells are expected, present, short, held and absent. */
import { type MonthTally, tallyMonths } from '../../db/coverage/tally-months.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { earliestAvailable } from '../_catalog/absent-by-rule.ts'
import { symbolRanges } from '../_expected/expected.ts'
import { inBatches, talliedRange } from '../_forecast/coverage-slices.ts'
import { type Dt, dtsOfMask, monthOf } from '../_market/dt.ts'
import type { DaysAsked } from './days-asked.ts'
import type { ConditionContext } from './open-work.ts'

export interface MaskDay {
  expected: number
  present: number
  short: number
  held: number
  absent: number
}

/** Each session with an expected cell, ascending. Reads masks, some symbols at a time. */
export async function maskDays(context: ConditionContext, asked: DaysAsked): Promise<Map<Dt, MaskDay>> {
  const { dataset, spec, asof, from, to } = asked
  const calendar = calendarOf(spec.calendar)
  const sessions = calendar.sessions(from, to)
  const ranges = symbolRanges(context.config, spec, asof).filter(({ fromDt, toDt }) => fromDt <= to && toDt >= from)
  const days = new Map<Dt, MaskDay>()
  const expected = livesOn(sessions, ranges)
  sessions.forEach((dt, at) => {
    if (expected[at]! > 0) days.set(dt, { expected: expected[at]!, present: 0, short: 0, held: 0, absent: 0 })
  })
  const [first, last] = [monthOf(from), monthOf(to)]
  const months = sessions.length === 0 ? 0 : new Set(sessions.map(monthOf)).size
  const tallied = ranges.map((range) => talliedRange(range, 0))
  for await (const batch of inBatches(tallied, months)) {
    for (const tally of await tallyMonths(context.db, dataset, batch, first, last)) addMonth(days, tally)
  }
  // Days before every vendor's history have no rows: the rule explains what is not there.
  const earliest = earliestAvailable(context, dataset)
  for (const [dt, day] of days) {
    if (earliest === null || dt < earliest) day.absent = day.expected - day.present
  }
  return days
}

/** How many lives hold each session. Cost: sessions + lives. */
function livesOn(sessions: readonly Dt[], ranges: readonly { fromDt: Dt; toDt: Dt }[]): number[] {
  const births = ranges.map(({ fromDt }) => fromDt).sort()
  const deaths = ranges.map(({ toDt }) => toDt).sort()
  let [born, died] = [0, 0]
  return sessions.map((dt) => {
    while (born < births.length && births[born]! <= dt) born++
    while (died < deaths.length && deaths[died]! < dt) died++
    return born - died
  })
}

function addMonth(days: Map<Dt, MaskDay>, { month, symbols, ...masks }: MonthTally): void {
  for (const kind of ['present', 'short', 'held', 'absent'] as const) {
    for (const dt of dtsOfMask(month, masks[kind])) {
      const day = days.get(dt)
      if (day) day[kind] += symbols
    }
  }
}
