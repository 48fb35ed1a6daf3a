import { expect, test } from 'vitest'
import { plain } from '../../functions/_cli/screen.ts'
import { instantText, table } from '../../functions/_cli/table.ts'

const terms = { paint: plain, width: 40 }

test('table: names stand to the left, counts to the right, and what is missing is a dash', () => {
  expect(
    table(
      ['vendor', 'calls', 'ready'],
      [
        ['alpaca', 1234, true],
        ['fred', null, false],
      ],
      terms,
    ),
  ).toEqual(['  vendor  calls  ready', '  alpaca  1,234  yes', '  fred        -  no'])
})

test('table: no line is longer than the width', () => {
  const [, row = ''] = table(['vendor', 'because'], [['alpaca', 'a very long reason that does not fit at all']], terms)
  expect(row).toHaveLength(40)
  expect(row.endsWith('…')).toBe(true)
})

test('table: without rows there is none', () => {
  expect(table(['vendor'], [], terms)).toEqual([])
})

test('table: an instant is shown to the minute', () => {
  expect(instantText('2025-07-09T00:30:00.000Z')).toBe('2025-07-09 00:30 UTC')
  expect(instantText(null)).toBe('-')
})
