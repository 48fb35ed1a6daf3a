/** The days for which the Federal Reserve publishes Treasury yields (H.15): neither the stock exchange's nor quite the bond market's. */
import type { Dt } from '../_market/dt.ts'
import { closuresFrom, type OneOff } from './closures.ts'
import { calendarFrom } from './from-sessions.ts'
import {
  CHRISTMAS,
  COLUMBUS_DAY,
  during,
  ELECTION_DAY,
  GOOD_FRIDAY,
  type Holiday,
  INDEPENDENCE_DAY,
  JUNETEENTH,
  LABOR_DAY,
  LINCOLNS_BIRTHDAY,
  MARTIN_LUTHER_KING_DAY,
  MEMORIAL_DAY,
  NEW_YEARS_DAY,
  THANKSGIVING,
  VETERANS_DAY,
  WASHINGTONS_BIRTHDAY,
} from './holidays.ts'
import type { Session } from './session.ts'
import { instantOf } from './zone.ts'

/** The first day of the daily series (DGS1, DGS5, DGS10). */
const FIRST = '1962-01-02'
const LAST = '2030-12-31'

/**
 * Good Friday has yields when it is the first Friday of April, the day of the jobs report, since 1996 (1996, 1999, 2007, 2010, 2012,
 * 2015, 2021, 2023); every other one from 1962 on is blank, the first Fridays of 1969 to 1994 included.
 */
const GOOD_FRIDAY_WITHOUT_JOBS_REPORT: Holiday = {
  ...GOOD_FRIDAY,
  day(year) {
    const dt = GOOD_FRIDAY.day(year)
    const isFirstFriday = dt !== undefined && dt >= `${year}-04-01` && dt <= `${year}-04-07`
    return year >= 1996 && isFirstFriday ? undefined : dt
  },
}

/** Two Saturday holidays of 1964 were taken on Friday; the same Saturdays of 1969 and 1970 no longer were. */
const SATURDAY_HOLIDAYS_1964: OneOff = { name: 'Saturday holiday taken on Friday', dts: ['1964-02-21', '1964-05-29'] }
const KENNEDY_FUNERAL: OneOff = { name: 'funeral of John F. Kennedy', dts: ['1963-11-25'] }
const KING_FUNERAL: OneOff = { name: 'funeral of Martin Luther King Jr.', dts: ['1968-04-09'] }
const EISENHOWER_FUNERAL: OneOff = { name: 'funeral of Dwight D. Eisenhower', dts: ['1969-03-31'] }
const MOON_LANDING: OneOff = { name: 'first landing on the Moon', dts: ['1969-07-21'] }
const CHRISTMAS_EVE_1973: OneOff = { name: 'Christmas Eve, a Monday', dts: ['1973-12-24'] }
const NEW_YORK_BLACKOUT: OneOff = { name: 'New York blackout', dts: ['1977-07-14'] }
/** Kept on its old date as well, after the last Monday of May. */
const OLD_MEMORIAL_DAY: OneOff = { name: 'Memorial Day, the old date', dts: ['1978-05-30', '1979-05-30'] }
const HURRICANE_GLORIA: OneOff = { name: 'Hurricane Gloria', dts: ['1985-09-27'] }
const NIXON_MOURNING: OneOff = { name: 'day of mourning for Richard Nixon', dts: ['1994-04-27'] }
const SEPTEMBER_11: OneOff = { name: 'attacks of September 11', dts: ['2001-09-11', '2001-09-12'] }
const REAGAN_MOURNING: OneOff = { name: 'day of mourning for Ronald Reagan', dts: ['2004-06-11'] }
const HURRICANE_SANDY: OneOff = { name: 'Hurricane Sandy', dts: ['2012-10-30'] }
const BUSH_MOURNING: OneOff = { name: 'day of mourning for George H. W. Bush', dts: ['2018-12-05'] }

const closures = closuresFrom({
  name: 'fed',
  first: FIRST,
  last: LAST,
  holidays: [
    NEW_YEARS_DAY,
    // Blank a year before the holiday became federal.
    during(1985, Infinity, MARTIN_LUTHER_KING_DAY),
    during(1962, 1985, LINCOLNS_BIRTHDAY),
    WASHINGTONS_BIRTHDAY,
    GOOD_FRIDAY_WITHOUT_JOBS_REPORT,
    MEMORIAL_DAY,
    // That the Saturday of 2027 is taken on Friday follows Independence Day (2009, 2015, 2020); no blank has shown it yet.
    JUNETEENTH,
    INDEPENDENCE_DAY,
    LABOR_DAY,
    COLUMBUS_DAY,
    during(1962, 1984, ELECTION_DAY),
    VETERANS_DAY,
    THANKSGIVING,
    CHRISTMAS,
  ],
  oneOffs: [
    KENNEDY_FUNERAL,
    SATURDAY_HOLIDAYS_1964,
    KING_FUNERAL,
    EISENHOWER_FUNERAL,
    MOON_LANDING,
    CHRISTMAS_EVE_1973,
    NEW_YORK_BLACKOUT,
    OLD_MEMORIAL_DAY,
    HURRICANE_GLORIA,
    NIXON_MOURNING,
    SEPTEMBER_11,
    REAGAN_MOURNING,
    HURRICANE_SANDY,
    BUSH_MOURNING,
  ],
})

const sessionOn = (dt: Dt): Session => ({ dt, open: instantOf(dt, '00:00'), close: instantOf(dt, '18:00') })

/** Days with Treasury yields 1962 to 2030, read off the blanks of FRED's DGS10 up to 2026-02-20; a session is the day until 18:00. */
export const fed = calendarFrom({
  name: 'fed',
  first: FIRST,
  last: LAST,
  sessions: () => closures.openDts().map(sessionOn),
})

/** Why no yields are published for a day (`Columbus Day`, `weekend`); undefined when they are. */
export const closureOf = (dt: Dt): string | undefined => closures.nameOf(dt)
