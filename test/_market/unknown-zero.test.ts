import { describe, expect, test } from 'vitest'
import { withoutUnknownZeros } from '../../functions/_market/unknown-zero.ts'
import { bar, JULY_3, optionBar, yieldOf } from '../_lake/lake-fixture.ts'

describe('unknown zero: a zero for unknown', () => {
  test.each([
    [
      { vwap: 0, trades: 0 },
      { vwap: null, trades: null },
    ],
    [
      { vwap: 0, trades: 3 },
      { vwap: null, trades: 3 },
    ],
    [
      { vwap: 10.2, trades: 0 },
      { vwap: 10.2, trades: null },
    ],
    [
      { vwap: -0, trades: null },
      { vwap: null, trades: null },
    ],
    [
      { vwap: 0, volume: 0.5 },
      { vwap: null, volume: 0.5 },
    ],
  ])('of %j is null beside a volume', (said, read) => {
    expect(withoutUnknownZeros(bar(JULY_3, said))).toEqual(bar(JULY_3, read))
    const contract = 'AAPL240719C00200000'
    expect(withoutUnknownZeros(optionBar(contract, JULY_3, said))).toEqual(optionBar(contract, JULY_3, read))
  })

  test.each([
    bar(JULY_3, { vwap: 10.2, trades: 3 }),
    bar(JULY_3),
    bar(JULY_3, { volume: 0, vwap: 0, trades: 0 }),
    bar(JULY_3, { volume: -1, vwap: 0, trades: 0 }),
    yieldOf('DGS10', 0),
  ])('a row without one is the same row (%#)', (row) => {
    expect(withoutUnknownZeros(row)).toBe(row)
  })
})
