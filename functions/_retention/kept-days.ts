/** Which days are kept of something that is made each day: the newest ones, then one a week, then one a month. */
import { type Dt, dayNumber, monthOf } from '../_market/dt.ts'

export interface KeepRule {
  /** The newest days there are. */
  daily: number
  /** The newest day of so many weeks, counted from the newest that has one. */
  weekly: number
  monthly: number
}

/** 1970-01-01 was a Thursday; weeks begin on Monday. */
const weekOf = (day: Dt): string => String(Math.floor((dayNumber(day) + 3) / 7))

/** The newest day is always among them. */
export function keptDays(days: Iterable<Dt>, { daily, weekly, monthly }: KeepRule): Set<Dt> {
  const newestFirst = [...new Set(days)].sort().reverse()
  return new Set([
    ...newestFirst.slice(0, Math.max(1, daily)),
    ...newestOfEach(newestFirst, weekOf).slice(0, weekly),
    ...newestOfEach(newestFirst, monthOf).slice(0, monthly),
  ])
}

function newestOfEach(newestFirst: readonly Dt[], keyOf: (day: Dt) => string): Dt[] {
  const seen = new Set<string>()
  return newestFirst.filter((day) => {
    const key = keyOf(day)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
