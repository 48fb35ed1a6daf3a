import { expect, test } from 'vitest'
import { closureOf, fed } from '../../functions/_calendar/fed.ts'
import { isWeekend } from '../../functions/_calendar/weekdays.ts'
import { closureOf as xnysClosureOf } from '../../functions/_calendar/xnys.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { addDays, type Dt } from '../../functions/_market/dt.ts'
import { referenceRows } from './reference.ts'

/** The last day the record of blanks was read off. */
const RECORD_END = '2026-02-20'

function weekdaysWithoutSession(from: Dt, to: Dt): Dt[] {
  const dts: Dt[] = []
  for (let dt = from; dt <= to; dt = addDays(dt, 1)) if (!isWeekend(dt) && !fed.isSession(dt)) dts.push(dt)
  return dts
}

test('Federal Reserve calendar: the weekdays without yields from 1962 to February 2026 are exactly those on which FRED shows none', (context) => {
  const blanks = referenceRows(context, 'fred_dgs10_no_value_weekdays_1962_2026.csv').map(([dt]) => dt)
  expect(weekdaysWithoutSession(fed.first, RECORD_END)).toEqual(blanks)
})

test('Federal Reserve calendar: after the record ends the days are those the bond market is expected to be open', (context) => {
  const open = referenceRows(context, 'sifma_us_1990_2030.csv').map(([dt]) => dt!)
  const from = addDays(RECORD_END, 1)
  expect(fed.sessions(from, fed.last)).toEqual(open.filter((dt) => dt >= from))
})

test('Federal Reserve calendar: Good Friday has yields when it is the first Friday of April, since 1996', () => {
  const withYields = ['1996-04-05', '1999-04-02', '2007-04-06', '2010-04-02', '2012-04-06', '2015-04-03', '2021-04-02']
  for (const dt of [...withYields, '2023-04-07', '2026-04-03']) {
    expect(fed.isSession(dt), dt).toBe(true)
    expect(closureOf(dt)).toBeUndefined()
    expect(xnysClosureOf(dt)).toBe('Good Friday')
  }
  for (const dt of ['1969-04-04', '1980-04-04', '1988-04-01', '1994-04-01', '2018-03-30', '2024-03-29', '2025-04-18']) {
    expect(closureOf(dt), dt).toBe('Good Friday')
  }
})

test.each([
  ['1963-11-25', 'funeral of John F. Kennedy'],
  ['1964-02-21', 'Saturday holiday taken on Friday'],
  ['1969-07-21', 'first landing on the Moon'],
  ['1971-10-25', 'Veterans Day'],
  ['1974-11-11', 'Veterans Day'],
  ['1977-07-14', 'New York blackout'],
  ['1978-05-30', 'Memorial Day, the old date'],
  ['1984-11-06', 'Election Day'],
  ['1985-01-21', 'Martin Luther King Jr. Day'],
  ['1985-02-12', "Lincoln's Birthday"],
  ['1985-09-27', 'Hurricane Gloria'],
  ['1994-04-27', 'day of mourning for Richard Nixon'],
  ['2001-09-12', 'attacks of September 11'],
  ['2004-06-11', 'day of mourning for Ronald Reagan'],
  ['2012-10-30', 'Hurricane Sandy'],
  ['2018-12-05', 'day of mourning for George H. W. Bush'],
  ['2024-10-14', 'Columbus Day'],
  ['2024-11-11', 'Veterans Day'],
  ['2024-11-10', 'weekend'],
])('Federal Reserve calendar: %s has no yields: %s', (dt, name) => {
  expect(closureOf(dt)).toBe(name)
  expect(fed.isSession(dt)).toBe(false)
})

test.each([
  ['1985-11-05', 'Election Day was last kept in 1984'],
  ['1986-02-12', "Lincoln's Birthday was last kept in 1985"],
  ['1969-02-21', "Washington's Birthday on a Saturday"],
  ['2001-09-13', 'yields came back before the stock exchange did'],
  ['2007-01-02', 'Ford was mourned by the stock exchange alone'],
  ['2012-10-29', 'the first day of the storm'],
  ['2023-11-10', 'Veterans Day on a Saturday'],
  ['2025-01-09', 'Carter was mourned by the stock exchange alone'],
])('Federal Reserve calendar: %s has yields: %s', (dt) => {
  expect(fed.isSession(dt)).toBe(true)
  expect(closureOf(dt)).toBeUndefined()
})

test('Federal Reserve calendar: a session is the day until six in the evening, New York time', () => {
  expect(fed.session('2024-07-16')).toEqual({
    dt: '2024-07-16',
    open: Date.UTC(2024, 6, 16, 4),
    close: Date.UTC(2024, 6, 16, 22),
  })
  expect(fed.lastClosed(instantOf('2024-07-16', '18:00'))).toBe('2024-07-16')
  expect(fed.lastClosed(instantOf('2024-07-16', '18:00') - 1)).toBe('2024-07-15')
})
