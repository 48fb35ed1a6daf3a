/** Sessions put together into the columns of a table or a picture: days, weeks, months, quarters or years. */
import { addDays, type Dt, weekday } from '../_market/dt.ts'

export type Unit = 'day' | 'week' | 'month' | 'quarter' | 'year'

export interface Column {
  /** `2025`, `2025-07`, `2025-Q3`, or the first day of a week. */
  name: string
  /** First and last session. */
  from: Dt
  to: Dt
  sessions: Dt[]
}

const NAMES: Record<Unit, (dt: Dt) => string> = {
  day: (dt) => dt,
  week: (dt) => addDays(dt, -((weekday(dt) + 6) % 7)),
  month: (dt) => dt.slice(0, 7),
  quarter: (dt) => `${dt.slice(0, 4)}-Q${Math.ceil(Number(dt.slice(5, 7)) / 3)}`,
  year: (dt) => dt.slice(0, 4),
}

/** Ascending sessions as columns of one unit; periods without a session have none. */
export function columnsOf(sessions: readonly Dt[], unit: Unit): Column[] {
  const columns: Column[] = []
  for (const dt of sessions) {
    const name = NAMES[unit](dt)
    const last = columns.at(-1)
    if (last?.name === name) {
      last.to = dt
      last.sessions.push(dt)
    } else columns.push({ name, from: dt, to: dt, sessions: [dt] })
  }
  return columns
}

/** The finest columns of which there are at most so many, and years where even those are more. */
export function fittingColumns(sessions: readonly Dt[], most: number): { unit: Unit; columns: Column[] } {
  for (const unit of ['day', 'week', 'month', 'quarter'] as const) {
    const columns = columnsOf(sessions, unit)
    if (columns.length <= most) return { unit, columns }
  }
  return { unit: 'year', columns: columnsOf(sessions, 'year') }
}
