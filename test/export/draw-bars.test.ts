import { expect, test } from 'vitest'
import { drawBars } from '../../functions/export/draw-bars.ts'

const bar = (at: string, price: number) => ({ at, open: price, high: price + 1, low: price - 1, close: price + 0.5 })

test('drawn bars: each bar is a line and a box, and the marked one has another colour', () => {
  const svg = drawBars([bar('2024-07-02', 10), bar('2024-07-03', 30), bar('2024-07-05', 11)], 1, 'AAPL 2024-07-03')
  expect(svg.match(/<rect/g)).toHaveLength(3)
  expect(svg.match(/<line[^>]*#d6006c/g)).toHaveLength(1)
  expect(svg).toContain('<title>AAPL 2024-07-03</title>')
  expect(svg).toContain('<desc>3 bars from 2024-07-02 to 2024-07-05, between 9 and 31.</desc>')
  expect(svg).not.toMatch(/style|script|NaN|Infinity/)
})

test('drawn bars: odd input gives a picture as well', () => {
  const broken = { at: 'x', open: Number.NaN, high: 1, low: 1, close: 1 }
  expect(drawBars([], -1, 'none')).toContain('There is no bar to show.')
  expect(drawBars([broken, bar('2024-07-03', 5)], 0, 'A & <B>').match(/<rect/g)).toHaveLength(1)
  expect(drawBars([broken], 0, 'A & <B>')).toContain('<title>A &amp; &lt;B&gt;</title>')
  const flat = { at: 'x', open: 1, high: 1, low: 1, close: 1 }
  expect(drawBars([flat, flat], 0, 'flat')).not.toMatch(/NaN|Infinity/)
})
