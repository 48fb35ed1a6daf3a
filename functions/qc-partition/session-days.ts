/** The sessions a partition is judged against, as a DuckDB table with every instant a check compares with. */
import type { Session } from '../_calendar/session.ts'
import { instantOf } from '../_calendar/zone.ts'
import type { Duck } from '../_lake/duck.ts'
import { withTable } from '../_lake/duck-table.ts'
import { MOST_SESSION_MINUTES } from './bar-facts.ts'

const MS_PER_MINUTE = 60_000
/** US equities trade from 04:00 to 20:00 New York time, before and after the session too (NYSE Arca, Nasdaq trading hours). */
const EARLY = '04:00'
const LATE = '20:00'

/** Columns ending in `_us` are microseconds since 1970 (DuckDB's own unit of a stamp). */
const COLUMNS = {
  dt: 'DATE',
  open_us: 'BIGINT',
  close_us: 'BIGINT',
  session_minutes: 'BIGINT',
  early_us: 'BIGINT',
  late_us: 'BIGINT',
  midnight_us: 'BIGINT',
  next_midnight_us: 'BIGINT',
}

/** Runs `fn` with the table's name; throws for a session without a length, or longer than a day. */
export function withSessionDays<T>(
  duck: Duck,
  sessions: readonly Session[],
  fn: (days: string) => Promise<T>,
): Promise<T> {
  return withTable(duck, 'qc_days', COLUMNS, sessions.map(dayOf), fn)
}

function dayOf({ dt, open, close }: Session): (string | number)[] {
  const minutes = Math.round((close - open) / MS_PER_MINUTE)
  if (!(minutes > 0 && minutes <= MOST_SESSION_MINUTES)) {
    throw new Error(
      `expected a session of 1 to ${MOST_SESSION_MINUTES} minutes on ${dt}, got ${minutes}; look at the calendar`,
    )
  }
  const [early, late, midnight, next] = [EARLY, LATE, '00:00', '24:00'].map((time) => instantOf(dt, time) * 1000)
  return [dt, open * 1000, close * 1000, minutes, early ?? 0, late ?? 0, midnight ?? 0, next ?? 0]
}
