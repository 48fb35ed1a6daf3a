/** New York wall clock. The only place that knows daylight-saving time: instants in, days and minutes out, and back. */
import { type Dt, dayNumber, dtOfDay, isDt } from '../_market/dt.ts'
import { lastWeekday, nthWeekday, SUNDAY } from './weekdays.ts'

/** The years this clock is right for. Before 1955 the city ended its summer in September. */
const FIRST_YEAR = 1955
const LAST_YEAR = 2040

const MS_PER_MINUTE = 60_000
const MS_PER_HOUR = 3_600_000
const MS_PER_DAY = 86_400_000
const MS_PER_MEAN_YEAR = 365.2425 * MS_PER_DAY

/** The zones a stamp without one may be in. */
export const ZONES = ['America/New_York', 'UTC'] as const
export type Zone = (typeof ZONES)[number]

/** Hours behind UTC. */
const STANDARD = 5
const DAYLIGHT = 4

/**
 * The first and last day of New York summer time of a year; clocks change at 02:00 on both.
 * Sources: New York City until 1966 (tz database, rule NYC); Uniform Time Act of 1966; Emergency Daylight Saving Time Energy
 * Conservation Act of 1973 and its amendment of 1974; Public Law 99-359 (from 1987); Energy Policy Act of 2005 (from 2007).
 */
function summer(year: number): [Dt, Dt] {
  if (year >= 2007) return [nthWeekday(year, 3, SUNDAY, 2), nthWeekday(year, 11, SUNDAY, 1)]
  const end = lastWeekday(year, 10, SUNDAY)
  if (year >= 1987) return [nthWeekday(year, 4, SUNDAY, 1), end]
  if (year === 1975) return ['1975-02-23', end]
  if (year === 1974) return ['1974-01-06', end]
  return [lastWeekday(year, 4, SUNDAY), end]
}

const spring: number[] = []
const autumn: number[] = []
for (let year = FIRST_YEAR; year <= LAST_YEAR; year++) {
  const [begins, ends] = summer(year)
  spring.push(dayNumber(begins) * MS_PER_DAY + (2 + STANDARD) * MS_PER_HOUR)
  autumn.push(dayNumber(ends) * MS_PER_DAY + (2 + DAYLIGHT) * MS_PER_HOUR)
}

const FIRST_INSTANT = Date.UTC(FIRST_YEAR, 0, 1, STANDARD)
const END_INSTANT = Date.UTC(LAST_YEAR + 1, 0, 1, STANDARD)

function hoursBehind(instant: number): number {
  // Dividing by the mean year misjudges the year only within two days of New Year, when either neighbour says winter.
  const index = 1970 - FIRST_YEAR + Math.floor(instant / MS_PER_MEAN_YEAR)
  return instant >= (spring[index] ?? Infinity) && instant < (autumn[index] ?? -Infinity) ? DAYLIGHT : STANDARD
}

/** Milliseconds of New York wall clock since 1970-01-01 00:00 New York wall clock. */
function wallClock(instant: number): number {
  if (!(instant >= FIRST_INSTANT && instant < END_INSTANT)) {
    throw new RangeError(
      `expected an instant of ${FIRST_YEAR} to ${LAST_YEAR} in epoch milliseconds, got ${instant}; microseconds or nanoseconds are a usual cause`,
    )
  }
  return instant - hoursBehind(instant) * MS_PER_HOUR
}

// Writing a day as text costs more than finding it, and a file of minute bars asks for the same few days a million times.
const texts = new Map<number, Dt>()

/** The New York calendar day of an instant (epoch milliseconds). Throws RangeError outside 1955 to 2040. */
export function newYorkDt(instant: number): Dt {
  const day = Math.floor(wallClock(instant) / MS_PER_DAY)
  let dt = texts.get(day)
  if (dt === undefined) {
    dt = dtOfDay(day)
    texts.set(day, dt)
  }
  return dt
}

/** The minute of the New York day of an instant, 0 to 1439, as a wall clock shows it: 09:30 is 570 in summer and winter. */
export function newYorkMinute(instant: number): number {
  const local = wallClock(instant)
  return Math.floor((local - Math.floor(local / MS_PER_DAY) * MS_PER_DAY) / MS_PER_MINUTE)
}

/**
 * The instant (epoch milliseconds) at which a New York clock shows `HH:MM` on a day; `24:00` is the next midnight.
 * A time that a clock shows twice in autumn is the first of the two; one that spring skips (02:30) is read as an hour later (03:30).
 */
export function instantOf(dt: Dt, time: string): number {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$|^(24):(00)$/.exec(time)
  if (!match) throw new RangeError(`expected a time of day as HH:MM from 00:00 to 24:00, got ${JSON.stringify(time)}`)
  const year = Number(dt.slice(0, 4))
  if (!isDt(dt) || year < FIRST_YEAR || year > LAST_YEAR) {
    throw new RangeError(
      `expected a day from ${FIRST_YEAR}-01-01 to ${LAST_YEAR}-12-31 as YYYY-MM-DD, got ${JSON.stringify(dt)}`,
    )
  }
  const hours = Number(match[1] ?? match[3])
  const minutes = Number(match[2] ?? match[4])
  const local = dayNumber(dt) * MS_PER_DAY + hours * MS_PER_HOUR + minutes * MS_PER_MINUTE
  const asDaylight = local + DAYLIGHT * MS_PER_HOUR
  return hoursBehind(asDaylight) === DAYLIGHT ? asDaylight : local + STANDARD * MS_PER_HOUR
}
