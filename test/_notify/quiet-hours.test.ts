import { expect, test } from 'vitest'
import { isQuiet } from '../../functions/_notify/quiet-hours.ts'

const at = (text: string): number => Date.parse(text)

test('quiet hours: go over midnight, from their first minute until the last begins', () => {
  const hours = { from: '22:00', to: '07:00', timezone: 'America/New_York' }
  expect(isQuiet(hours, at('2025-07-08T21:59:59-04:00'))).toBe(false)
  expect(isQuiet(hours, at('2025-07-08T22:00:00-04:00'))).toBe(true)
  expect(isQuiet(hours, at('2025-07-09T06:59:59-04:00'))).toBe(true)
  expect(isQuiet(hours, at('2025-07-09T07:00:00-04:00'))).toBe(false)
})

test('quiet hours: within a day, by the clock of their own zone, in summer and winter', () => {
  const hours = { from: '12:00', to: '13:30', timezone: 'Europe/Berlin' }
  expect(isQuiet(hours, at('2025-07-08T10:00:00Z'))).toBe(true)
  expect(isQuiet(hours, at('2025-07-08T11:30:00Z'))).toBe(false)
  expect(isQuiet(hours, at('2025-01-08T10:00:00Z'))).toBe(false)
  expect(isQuiet(hours, at('2025-01-08T12:29:00Z'))).toBe(true)
})

test('quiet hours: where there are none, it is never quiet', () => {
  expect(isQuiet(undefined, 0)).toBe(false)
})
