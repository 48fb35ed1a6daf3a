/** Finding days in a year: the n-th Monday of a month, the last one, Easter. Knows the calendar on the wall, no holiday. */
import { addDays, type Dt, weekday } from '../_market/dt.ts'

export const SUNDAY = 0
export const MONDAY = 1
export const TUESDAY = 2
export const WEDNESDAY = 3
export const THURSDAY = 4
export const FRIDAY = 5
export const SATURDAY = 6

/** The day of a year, month (1 to 12) and day of the month. */
export const dtOf = (year: number, month: number, day: number): Dt =>
  `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`

export const yearOf = (dt: Dt): number => Number(dt.slice(0, 4))

export const isWeekend = (dt: Dt): boolean => weekday(dt) === SATURDAY || weekday(dt) === SUNDAY

/** The n-th (1 is the first) of a weekday in a month; `nthWeekday(2024, 11, THURSDAY, 4)` is Thanksgiving. */
export function nthWeekday(year: number, month: number, day: number, n: number): Dt {
  const first = dtOf(year, month, 1)
  return addDays(first, ((day - weekday(first) + 7) % 7) + 7 * (n - 1))
}

/** The last of a weekday in a month; `lastWeekday(2024, 5, MONDAY)` is Memorial Day. */
export function lastWeekday(year: number, month: number, day: number): Dt {
  const fifth = nthWeekday(year, month, day, 5)
  return Number(fifth.slice(5, 7)) === month ? fifth : nthWeekday(year, month, day, 4)
}

/**
 * Easter Sunday of a Gregorian year: the Sunday after the ecclesiastical full moon of spring.
 * Formula: Clavius' tables as arithmetic, in the form of the anonymous correspondent of Nature, 1876 (Meeus/Jones/Butcher).
 */
export function easterSunday(year: number): Dt {
  const goldenNumber = year % 19
  const century = Math.floor(year / 100)
  const yearOfCentury = year % 100
  const skippedLeaps = century - Math.floor(century / 4)
  const moonCorrection = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3)
  // Days from 21 March to the full moon.
  const moon = (19 * goldenNumber + skippedLeaps - moonCorrection + 15) % 30
  // Days from the full moon to the Sunday after it, less one.
  const sunday = (32 + 2 * (century % 4) + 2 * Math.floor(yearOfCentury / 4) - moon - (yearOfCentury % 4)) % 7
  const lateMoon = Math.floor((goldenNumber + 11 * moon + 22 * sunday) / 451)
  const marchDay = moon + sunday - 7 * lateMoon + 22
  return addDays(dtOf(year, 3, 1), marchDay - 1)
}
