import { expect, test } from 'vitest'
import { dayText, Instant, instantText } from '../../functions/_page/instant.tsx'

const NOW = Date.parse('2025-07-08T20:30:00-04:00')

test.each([
  ['2025-07-08T03:10:59-04:00', '03:10'],
  ['2025-07-08T23:59:00-04:00', '23:59'],
  ['2025-07-09T00:00:00-04:00', 'Wed 9 Jul 00:00'],
  ['2025-01-06T09:30:00-05:00', 'Mon 6 Jan 09:30'],
  ['2024-12-31T16:00:00-05:00', 'Tue 31 Dec 2024 16:00'],
])('instant text: %s is %s', (at, text) => {
  expect(instantText(Date.parse(at), NOW)).toBe(text)
})

test('instant text: what no calendar knows is UTC without milliseconds, and what is no instant is never', () => {
  expect(instantText(Date.parse('1900-01-01T00:00:00.123Z'), NOW)).toBe('1900-01-01T00:00:00Z')
  expect(instantText(Number.POSITIVE_INFINITY, NOW)).toBe('never')
  expect(dayText('2025-07-04', NOW)).toBe('Fri 4 Jul')
})

test('instant: is an element that a script can read, or the word never', () => {
  expect(String(Instant({ at: NOW + 123, now: NOW }))).toBe('<time datetime="2025-07-09T00:30:00Z">20:30</time>')
  for (const at of [null, Number.NaN, 'soon']) expect(String(Instant({ at, now: NOW }))).toBe('never')
})
