import { expect, test } from 'vitest'
import { readRange } from '../../functions/exports/range.ts'

const HUGE = '9'.repeat(400)

test.each<[header: string | undefined, size: number, expected: ReturnType<typeof readRange>]>([
  [undefined, 10, 'whole'],
  ['', 10, 'whole'],
  ['bytes=0-', 10, { start: 0, end: 9 }],
  ['bytes=0-0', 10, { start: 0, end: 0 }],
  ['bytes=3-5', 10, { start: 3, end: 5 }],
  ['Bytes=3-5', 10, { start: 3, end: 5 }],
  [' bytes= 3-5 ', 10, { start: 3, end: 5 }],
  ['bytes=9-', 10, { start: 9, end: 9 }],
  ['bytes=5-99', 10, { start: 5, end: 9 }],
  [`bytes=5-${HUGE}`, 10, { start: 5, end: 9 }],
  ['bytes=-3', 10, { start: 7, end: 9 }],
  ['bytes=-99', 10, { start: 0, end: 9 }],
  [`bytes=-${HUGE}`, 10, { start: 0, end: 9 }],
  ['bytes=-0', 10, 'unsatisfiable'],
  ['bytes=10-', 10, 'unsatisfiable'],
  ['bytes=10-20', 10, 'unsatisfiable'],
  [`bytes=${HUGE}-`, 10, 'unsatisfiable'],
  [`bytes=${HUGE}-${HUGE}`, 10, 'unsatisfiable'],
  [`bytes=${HUGE}1-${HUGE}0`, 10, 'whole'],
  ['bytes=0-', 0, 'unsatisfiable'],
  ['bytes=-1', 0, 'unsatisfiable'],
  ['bytes=5-3', 10, 'whole'],
  ['bytes=-', 10, 'whole'],
  ['bytes=', 10, 'whole'],
  ['bytes', 10, 'whole'],
  ['bytes=--3', 10, 'whole'],
  ['bytes=-3-5', 10, 'whole'],
  ['bytes=0x0-5', 10, 'whole'],
  ['bytes=1.5-2', 10, 'whole'],
  ['bytes=1e3-', 10, 'whole'],
  ['bytes=+1-2', 10, 'whole'],
  ['rows=0-5', 10, 'whole'],
  ['bytes=0-1,3-4', 10, 'whole'],
  ['bytes=0-1, 3-4', 10, 'whole'],
  [`bytes=${Array.from({ length: 500 }, () => '0-').join(',')}`, 10, 'whole'],
])('range: %s of %i bytes is %j', (header, size, expected) => {
  expect(readRange(header, size)).toEqual(expected)
})
