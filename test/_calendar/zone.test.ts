import fc from 'fast-check'
import { expect, test } from 'vitest'
import { instantOf, newYorkDt, newYorkMinute } from '../../functions/_calendar/zone.ts'
import { addDays, type Dt } from '../../functions/_market/dt.ts'

const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 24 * HOUR
const FROM = Date.UTC(1962, 0, 1, 5)
const TO = Date.UTC(2030, 11, 31, 23)

const format = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'America/New_York',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})

/** `YYYY-MM-DD, HH:MM` as the platform's time-zone database has it. */
const platform = (instant: number): string => format.format(instant)

function ours(instant: number): string {
  const minute = newYorkMinute(instant)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${newYorkDt(instant)}, ${two(Math.floor(minute / 60))}:${two(minute % 60)}`
}

test('zone: every day from 1962 to 2030 reads as the platform reads it, around the hours in which clocks change and in between', () => {
  const wrong: string[] = []
  for (let day = FROM - 5 * HOUR + DAY; day < TO; day += DAY) {
    // 05:30Z to 08:30Z surrounds both changes; noon covers the rest of the day.
    for (const instant of [day + 5.5 * HOUR, day + 6.5 * HOUR, day + 7.5 * HOUR, day + 17 * HOUR]) {
      if (ours(instant) !== platform(instant)) wrong.push(`${ours(instant)} should be ${platform(instant)}`)
    }
  }
  expect(wrong).toEqual([])
}, 60_000)

test('zone: the minutes around every change of the clocks read as the platform reads them', () => {
  const wrong: string[] = []
  let changes = 0
  for (let hour = FROM; hour < TO; hour += HOUR) {
    if (newYorkMinute(hour) - newYorkMinute(hour - MINUTE) === 1 || newYorkMinute(hour) === 0) continue
    changes++
    for (let instant = hour - 2 * HOUR; instant <= hour + 2 * HOUR; instant += MINUTE) {
      if (ours(instant) !== platform(instant)) wrong.push(`${ours(instant)} should be ${platform(instant)}`)
    }
  }
  expect(wrong).toEqual([])
  expect(changes).toBe(2 * 69)
}, 60_000)

test('zone: any instant reads as the platform reads it', () => {
  fc.assert(
    fc.property(fc.integer({ min: FROM, max: TO }), (instant) => {
      expect(ours(instant)).toBe(platform(instant))
    }),
    { numRuns: 2000 },
  )
})

test('zone: a wall-clock time becomes the instant that shows it, summer and winter', () => {
  expect(instantOf('2024-01-16', '09:30')).toBe(Date.UTC(2024, 0, 16, 14, 30))
  expect(instantOf('2024-07-16', '09:30')).toBe(Date.UTC(2024, 6, 16, 13, 30))
  expect(instantOf('1974-01-07', '16:00')).toBe(Date.UTC(1974, 0, 7, 20))
  expect(instantOf('1975-02-21', '16:00')).toBe(Date.UTC(1975, 1, 21, 21))
  expect(instantOf('1975-02-24', '16:00')).toBe(Date.UTC(1975, 1, 24, 20))
})

test('zone: 24:00 is the next midnight, also over a change of the clocks', () => {
  for (const dt of ['2024-03-10', '2024-11-03', '2024-02-29', '2024-12-31']) {
    expect(instantOf(dt, '24:00')).toBe(instantOf(addDays(dt, 1), '00:00'))
  }
  expect(instantOf('2024-03-10', '24:00') - instantOf('2024-03-10', '00:00')).toBe(23 * HOUR)
  expect(instantOf('2024-11-03', '24:00') - instantOf('2024-11-03', '00:00')).toBe(25 * HOUR)
})

test('zone: an hour that spring skips is read an hour later, an hour that autumn repeats is the first of the two', () => {
  expect(instantOf('2024-03-10', '02:30')).toBe(instantOf('2024-03-10', '03:30'))
  expect(instantOf('2024-03-10', '01:59') + MINUTE).toBe(instantOf('2024-03-10', '03:00'))
  expect(instantOf('2024-11-03', '01:30')).toBe(Date.UTC(2024, 10, 3, 5, 30))
  expect(newYorkMinute(Date.UTC(2024, 10, 3, 6, 30))).toBe(90)
})

test('zone: day and time of any instant lead back to it, but for the hour that autumn repeats', () => {
  fc.assert(
    fc.property(fc.integer({ min: FROM / MINUTE, max: TO / MINUTE }), (minutes) => {
      const instant = minutes * MINUTE
      const [dt, time] = ours(instant).split(', ') as [Dt, string]
      expect([instant, instant - HOUR]).toContain(instantOf(dt, time))
    }),
    { numRuns: 2000 },
  )
})

test('zone: the last minutes of the clock are told and what lies outside its years is refused by name', () => {
  expect(newYorkDt(instantOf('2040-12-31', '24:00') - 1)).toBe('2040-12-31')
  expect(() => newYorkDt(instantOf('2040-12-31', '24:00'))).toThrow(/1955 to 2040.*got 2240629200000/)
  expect(() => newYorkDt(Number.NaN)).toThrow(RangeError)
  expect(() => newYorkMinute(1_700_000_000_000_000)).toThrow(RangeError)
  expect(() => instantOf('1954-12-31', '09:30')).toThrow(/1955-01-01 to 2040-12-31.*"1954-12-31"/)
  expect(() => instantOf('2023-02-30', '09:30')).toThrow(RangeError)
  for (const time of ['9:30', '24:01', '23:60', '0930', '']) {
    expect(() => instantOf('2024-01-16', time)).toThrow(/expected a time of day as HH:MM/)
  }
})
