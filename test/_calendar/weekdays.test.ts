import { expect, test } from 'vitest'
import { easterSunday, lastWeekday, MONDAY, nthWeekday, THURSDAY } from '../../functions/_calendar/weekdays.ts'

test('weekdays: Easter falls where church calendars put it, the earliest and latest dates included', () => {
  const known = ['1818-03-22', '1943-04-25', '1962-04-22', '1981-04-19', '2000-04-23', '2008-03-23', '2024-03-31']
  for (const dt of [...known, '2025-04-20', '2030-04-21', '2038-04-25', '2049-04-18', '2076-04-19']) {
    expect(easterSunday(Number(dt.slice(0, 4)))).toBe(dt)
  }
})

test('weekdays: the n-th weekday counts from the first of the month, also when the month begins with it', () => {
  expect(nthWeekday(2024, 11, THURSDAY, 4)).toBe('2024-11-28')
  expect(nthWeekday(2018, 1, MONDAY, 1)).toBe('2018-01-01')
  expect(nthWeekday(2018, 1, MONDAY, 3)).toBe('2018-01-15')
})

test('weekdays: the last weekday is the fifth where there is one and the fourth elsewhere', () => {
  expect(lastWeekday(2021, 5, MONDAY)).toBe('2021-05-31')
  expect(lastWeekday(2020, 5, MONDAY)).toBe('2020-05-25')
  expect(lastWeekday(2024, 12, MONDAY)).toBe('2024-12-30')
})
