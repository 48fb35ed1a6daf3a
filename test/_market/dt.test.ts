import { expect, test } from 'vitest'
import { dayNumber, dtOfDay, isDt } from '../../functions/_market/dt.ts'

test('trading date: every day of 1900 to 2100 is written as the standard writes it, and read back', () => {
  const wrong: string[] = []
  for (let day = dayNumber('1900-01-01'); day <= dayNumber('2100-12-31'); day++) {
    const dt = dtOfDay(day)
    if (dt !== new Date(day * 86_400_000).toISOString().slice(0, 10) || dayNumber(dt) !== day) wrong.push(dt)
  }
  expect(wrong).toEqual([])
})

test.each(['2023-02-30', '2023-13-01', '2023-00-10', '2023-1-1', '20230101', '', '2023-01-01T00:00'])(
  'trading date: %j is no day',
  (text) => {
    expect(isDt(text)).toBe(false)
  },
)

test('trading date: the year 999 keeps its nought, and what is no day number is refused', () => {
  expect(dtOfDay(dayNumber('1000-01-01') - 1)).toBe('0999-12-31')
  expect(() => dtOfDay(Number.NaN)).toThrow(RangeError)
  expect(() => dtOfDay(dayNumber('9999-12-31') + 1)).toThrow('expected a day of the years 0 to 9999')
})
