import { expect, test } from 'vitest'
import { closureOf, specialHoursOf, xnys } from '../../functions/_calendar/xnys.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { addDays, type Dt } from '../../functions/_market/dt.ts'
import { referenceRows } from './reference.ts'

/** Where the trades contradict the reference: the opening of this day was at noon, the reference has 09:30. */
const LATE_OPENING_BY_TRADES: Dt = '2002-09-11'
/** The other disputed day; here the reference has the close the trades show. */
const EARLY_CLOSE_BY_TRADES: Dt = '1999-12-31'

/** New York hours of a session as `HH:MM-HH:MM`. */
function hours(dt: Dt): string | undefined {
  const session = xnys.session(dt)
  if (!session) return undefined
  const clock = (instant: number) => {
    for (const time of ['09:30', '12:00', '13:00', '14:00', '16:00']) if (instant === instantOf(dt, time)) return time
    return String(instant)
  }
  return `${clock(session.open)}-${clock(session.close)}`
}

test('NYSE calendar: sessions, opens and closes from 1990 to January 2023 equal the reference, but for the one opening that trades contradict', (context) => {
  const rows = referenceRows(context, 'xnys_sessions_1990_2023.csv')
  const expected = rows.map(([session, open, close]) => ({
    dt: session!.slice(0, 10),
    open: Date.parse(open!),
    close: Date.parse(close!),
  }))
  const disputed = expected.find(({ dt }) => dt === LATE_OPENING_BY_TRADES)!
  expect(disputed.open).toBe(instantOf(LATE_OPENING_BY_TRADES, '09:30'))
  disputed.open = instantOf(LATE_OPENING_BY_TRADES, '12:00')
  expect(expected.find(({ dt }) => dt === EARLY_CLOSE_BY_TRADES)!.close).toBe(instantOf(EARLY_CLOSE_BY_TRADES, '13:00'))
  expect(xnys.sessions(xnys.first, expected.at(-1)!.dt).map((dt) => xnys.session(dt))).toEqual(expected)
})

test('NYSE calendar: every special open and close on which two independent calendars agree up to 2030 is ours, and we have no other', (context) => {
  const rows = referenceRows(context, 'nyse_special_times_1990_2030.csv')
  const agreed = rows.filter((row) => row[5] === '1').map(([dt, open, close]) => `${dt} ${open}-${close}`)
  const decidedByTrades = [`${EARLY_CLOSE_BY_TRADES} 09:30-13:00`, `${LATE_OPENING_BY_TRADES} 12:00-16:00`]
  const special = xnys
    .sessions(xnys.first, xnys.last)
    .filter((dt) => hours(dt) !== '09:30-16:00')
    .map((dt) => `${dt} ${hours(dt)}`)
  expect(special).toEqual([...agreed, ...decidedByTrades].sort())
})

test.each([
  ['1990-12-24', '09:30-14:00', 'Christmas Eve'],
  ['1992-11-27', '09:30-14:00', 'day after Thanksgiving'],
  ['1996-07-05', '09:30-13:00', 'beside Independence Day'],
  ['1999-12-31', '09:30-13:00', 'Millennium Eve'],
  ['2002-09-11', '12:00-16:00', 'first anniversary of September 11'],
  ['2003-12-26', '09:30-13:00', 'Friday after Christmas'],
  ['2013-07-03', '09:30-13:00', 'beside Independence Day'],
  ['2024-11-29', '09:30-13:00', 'day after Thanksgiving'],
  ['2013-07-05', '09:30-16:00', undefined],
  ['2025-12-26', '09:30-16:00', undefined],
  ['2021-12-31', '09:30-16:00', undefined],
])('NYSE calendar: %s trades %s (%s)', (dt, expected, name) => {
  expect(hours(dt)).toBe(expected)
  expect(specialHoursOf(dt)).toBe(name)
  expect(closureOf(dt)).toBeUndefined()
})

test.each([
  ['1994-04-27', 'day of mourning for Richard Nixon'],
  ['2001-09-11', 'attacks of September 11'],
  ['2001-09-14', 'attacks of September 11'],
  ['2004-06-11', 'day of mourning for Ronald Reagan'],
  ['2007-01-02', 'day of mourning for Gerald Ford'],
  ['2012-10-29', 'Hurricane Sandy'],
  ['2012-10-30', 'Hurricane Sandy'],
  ['2018-12-05', 'day of mourning for George H. W. Bush'],
  ['2025-01-09', 'day of mourning for Jimmy Carter'],
  ['2024-03-29', 'Good Friday'],
  ['1998-01-19', 'Martin Luther King Jr. Day'],
  ['2022-06-20', 'Juneteenth (observed)'],
  ['2027-06-18', 'Juneteenth (observed)'],
  ['2020-07-03', 'Independence Day (observed)'],
  ['2021-12-24', 'Christmas Day (observed)'],
  ['2023-01-02', "New Year's Day (observed)"],
  ['2024-06-01', 'weekend'],
  ['2022-01-01', 'weekend'],
])('NYSE calendar: %s has no session: %s', (dt, name) => {
  expect(closureOf(dt)).toBe(name)
  expect(xnys.isSession(dt)).toBe(false)
  expect(xnys.session(dt)).toBeUndefined()
  expect(specialHoursOf(dt)).toBeUndefined()
})

test.each([
  ['1997-01-20', 'King Day was not kept before 1998'],
  ['2021-06-18', 'Juneteenth was not kept before 2022'],
  ['2010-12-31', "New Year's Day on a Saturday is not made up for"],
  ['2001-09-10', 'the day before the attacks'],
  ['2001-09-17', 'the day trading resumed'],
  ['2012-10-31', 'the day after the storm'],
  ['2024-10-14', 'Columbus Day is none of the exchange'],
])('NYSE calendar: %s is a session: %s', (dt) => {
  expect(hours(dt)).toBe('09:30-16:00')
  expect(closureOf(dt)).toBeUndefined()
})

test('NYSE calendar: the open moves in UTC with daylight-saving time, under the old rule and the new', () => {
  const openUtc = (dt: Dt) => new Date(xnys.session(dt)!.open).toISOString().slice(11, 16)
  expect([openUtc('2006-03-31'), openUtc('2006-04-03')]).toEqual(['14:30', '13:30'])
  expect([openUtc('2006-10-27'), openUtc('2006-10-30')]).toEqual(['13:30', '14:30'])
  expect([openUtc('2024-03-08'), openUtc('2024-03-11')]).toEqual(['14:30', '13:30'])
  expect([openUtc('2024-11-01'), openUtc('2024-11-04')]).toEqual(['13:30', '14:30'])
})

test('NYSE calendar: every day is either a session or a closure with a name, and a year has 248 to 254 sessions', () => {
  for (let dt = xnys.first; dt <= xnys.last; dt = addDays(dt, 1)) {
    expect(closureOf(dt) === undefined, dt).toBe(xnys.isSession(dt))
  }
  for (let year = 1990; year <= 2030; year++) {
    const count = xnys.sessions(`${year}-01-01`, `${year}-12-31`).length
    expect(count, String(year)).toBeGreaterThanOrEqual(248)
    expect(count, String(year)).toBeLessThanOrEqual(254)
  }
})

test('NYSE calendar: a closure is not guessed outside the vouched-for years', () => {
  expect(() => closureOf('1989-12-29')).toThrow(/xnys.*1990-01-01 to 2030-12-31.*1989-12-29/)
  expect(() => closureOf('2031-01-01')).toThrow(RangeError)
})
