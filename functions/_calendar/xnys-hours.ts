/** When the New York Stock Exchange opened late or closed early. */
import { type Dt, weekday } from '../_market/dt.ts'
import { THANKSGIVING } from './holidays.ts'
import { dtOf, FRIDAY, isWeekend, THURSDAY, TUESDAY, WEDNESDAY, yearOf } from './weekdays.ts'

/** Hours of a session on the New York clock, `HH:MM`. */
export interface Hours {
  /** Why the hours are not the regular ones; absent on a regular day. */
  name?: string
  open: string
  close: string
}

const REGULAR: Hours = { open: '09:30', close: '16:00' }
const closesAt = (close: string, name: string): Hours => ({ ...REGULAR, close, name })

/** Two Fridays after a Thursday Christmas were cut short; those of 2008, 2014 and 2025 were not. */
const FRIDAY_AFTER_CHRISTMAS = closesAt('13:00', 'Friday after Christmas')
/** The last afternoon before 2000. Trades end at 13:00; one of the calendars in circulation denies it. */
const MILLENNIUM_EVE = closesAt('13:00', 'Millennium Eve')
/** Trading waited for the ceremonies to end. Trades begin at noon; one of the calendars in circulation denies it. */
const SEPTEMBER_11_ANNIVERSARY: Hours = { ...REGULAR, open: '12:00', name: 'first anniversary of September 11' }

const ONE_OFF_HOURS: ReadonlyMap<Dt, Hours> = new Map([
  ['1997-12-26', FRIDAY_AFTER_CHRISTMAS],
  ['1999-12-31', MILLENNIUM_EVE],
  ['2002-09-11', SEPTEMBER_11_ANNIVERSARY],
  ['2003-12-26', FRIDAY_AFTER_CHRISTMAS],
])

/**
 * The hours of a day that is a session of the exchange, from 1990 on. Delays and halts of minutes are no special hours.
 * Source: the exchange's holiday announcements, as two independent public calendars record them.
 */
export const hoursOn = (dt: Dt): Hours => specialHours(yearOf(dt)).get(dt) ?? REGULAR

// The rules are the same for every day of a year, and a calendar asks for ten thousand days.
const years = new Map<number, ReadonlyMap<Dt, Hours>>()

/** The days of a year that are not regular, with their hours. */
function specialHours(year: number): ReadonlyMap<Dt, Hours> {
  const known = years.get(year)
  if (known) return known
  const special = new Map<Dt, Hours>()
  const beside = besideIndependenceDay(year)
  if (beside) special.set(beside, closesAt('13:00', 'beside Independence Day'))
  const eve = dtOf(year, 12, 24)
  if (!isWeekend(eve)) special.set(eve, closesAt(halfDayClose(year), 'Christmas Eve'))
  const friday = fridayAfterThanksgiving(year)
  if (friday) special.set(friday, closesAt(halfDayClose(year), 'day after Thanksgiving'))
  for (const [dt, hours] of ONE_OFF_HOURS) if (yearOf(dt) === year) special.set(dt, hours)
  years.set(year, special)
  return special
}

/** Half days ended at two until 1992, at one since 1993. */
const halfDayClose = (year: number): string => (year < 1993 ? '14:00' : '13:00')

function fridayAfterThanksgiving(year: number): Dt | undefined {
  if (year < 1992) return undefined
  const thursday = THANKSGIVING.day(year) as Dt
  return dtOf(year, 11, Number(thursday.slice(8, 10)) + (FRIDAY - THURSDAY))
}

/** The half day that bridges Independence Day: the day before, and the Friday after a Thursday until 2012. */
function besideIndependenceDay(year: number): Dt | undefined {
  if (year < 1995) return undefined
  switch (weekday(dtOf(year, 7, 4))) {
    case TUESDAY:
    case WEDNESDAY:
    case FRIDAY:
      return dtOf(year, 7, 3)
    case THURSDAY:
      return dtOf(year, 7, year < 2013 ? 5 : 3)
    default:
      return undefined
  }
}
