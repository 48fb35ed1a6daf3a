import { expect, test } from 'vitest'
import { isZone, minuteIn } from '../../functions/_calendar/zone-name.ts'

test('zone name: a name that the system knows is a zone', () => {
  expect(['America/New_York', 'UTC', 'Europe/Berlin', 'Mars/Olympus', ''].map(isZone)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ])
})

test('zone name: a wall clock shows another minute in summer and winter, and midnight is 0', () => {
  expect(minuteIn('Europe/Berlin', Date.parse('2025-07-08T10:30:00Z'))).toBe(12 * 60 + 30)
  expect(minuteIn('Europe/Berlin', Date.parse('2025-01-08T10:30:00Z'))).toBe(11 * 60 + 30)
  expect(minuteIn('UTC', Date.parse('2025-01-08T00:00:00Z'))).toBe(0)
})
