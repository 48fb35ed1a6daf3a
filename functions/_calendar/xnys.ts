/** The New York Stock Exchange: the days it trades, from rules and named one-off closures. */
import type { Dt } from '../_market/dt.ts'
import { closuresFrom, type OneOff } from './closures.ts'
import { calendarFrom } from './from-sessions.ts'
import {
  CHRISTMAS,
  during,
  GOOD_FRIDAY,
  INDEPENDENCE_DAY,
  JUNETEENTH,
  LABOR_DAY,
  MARTIN_LUTHER_KING_DAY,
  MEMORIAL_DAY,
  NEW_YEARS_DAY,
  THANKSGIVING,
  WASHINGTONS_BIRTHDAY,
} from './holidays.ts'
import type { Session } from './session.ts'
import { hoursOn } from './xnys-hours.ts'
import { instantOf } from './zone.ts'

const FIRST = '1990-01-01'
const LAST = '2030-12-31'

const NIXON_MOURNING: OneOff = { name: 'day of mourning for Richard Nixon', dts: ['1994-04-27'] }
const SEPTEMBER_11: OneOff = {
  name: 'attacks of September 11',
  dts: ['2001-09-11', '2001-09-12', '2001-09-13', '2001-09-14'],
}
const REAGAN_MOURNING: OneOff = { name: 'day of mourning for Ronald Reagan', dts: ['2004-06-11'] }
const FORD_MOURNING: OneOff = { name: 'day of mourning for Gerald Ford', dts: ['2007-01-02'] }
const HURRICANE_SANDY: OneOff = { name: 'Hurricane Sandy', dts: ['2012-10-29', '2012-10-30'] }
const BUSH_MOURNING: OneOff = { name: 'day of mourning for George H. W. Bush', dts: ['2018-12-05'] }
const CARTER_MOURNING: OneOff = { name: 'day of mourning for Jimmy Carter', dts: ['2025-01-09'] }

const closures = closuresFrom({
  name: 'xnys',
  first: FIRST,
  last: LAST,
  holidays: [
    NEW_YEARS_DAY,
    during(1998, Infinity, MARTIN_LUTHER_KING_DAY),
    WASHINGTONS_BIRTHDAY,
    GOOD_FRIDAY,
    MEMORIAL_DAY,
    JUNETEENTH,
    INDEPENDENCE_DAY,
    LABOR_DAY,
    THANKSGIVING,
    CHRISTMAS,
  ],
  oneOffs: [
    NIXON_MOURNING,
    SEPTEMBER_11,
    REAGAN_MOURNING,
    FORD_MOURNING,
    HURRICANE_SANDY,
    BUSH_MOURNING,
    CARTER_MOURNING,
  ],
})

function sessionOn(dt: Dt): Session {
  const { open, close } = hoursOn(dt)
  return { dt, open: instantOf(dt, open), close: instantOf(dt, close) }
}

/** NYSE sessions 1990 to 2030; open and close are those of the regular session, half days included. */
export const xnys = calendarFrom({
  name: 'xnys',
  first: FIRST,
  last: LAST,
  sessions: () => closures.openDts().map(sessionOn),
})

/** Why the exchange has no session that day (`Good Friday`, `Hurricane Sandy`, `weekend`); undefined when it has one. */
export const closureOf = (dt: Dt): string | undefined => closures.nameOf(dt)

/** Why a session has other hours than 09:30 to 16:00 (`Christmas Eve`); undefined on a regular or a closed day. */
export const specialHoursOf = (dt: Dt): string | undefined =>
  closureOf(dt) === undefined ? hoursOn(dt).name : undefined
