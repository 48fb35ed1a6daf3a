import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { progressLine } from '../../functions/_cli/progress-line.ts'

describe('progress line', () => {
  test('the line is never longer than the width, whatever it counts', () => {
    const counts = fc.record({
      name: fc.constantFrom('equities_bars', 'equities_bars_minute', 'a_dataset_with_a_very_long_name'),
      done: fc.nat(2_000_000_000),
      expected: fc.nat(2_000_000_000),
    })
    fc.assert(
      fc.property(counts, fc.integer({ min: 20, max: 200 }), (progress, width) => {
        expect(progressLine(progress, width).length).toBeLessThanOrEqual(width)
      }),
    )
  })

  test('80 columns hold the bar, the percentage and the counts', () => {
    const line = progressLine({ name: 'equities_bars', done: 10_320, expected: 20_639 }, 79)
    expect(line).toMatch(/^ {2}equities_bars {8}█{15}░{15} {2}50 % {2}10,320 of 20,639$/)
  })

  test('100 % is shown only when nothing is open', () => {
    expect(progressLine({ name: 'd', done: 99_999, expected: 100_000 }, 79)).toContain(' 99 %')
    expect(progressLine({ name: 'd', done: 100_000, expected: 100_000 }, 79)).toContain('100 %')
    expect(progressLine({ name: 'd', done: 0, expected: 0 }, 79)).toContain('100 %')
  })
})
