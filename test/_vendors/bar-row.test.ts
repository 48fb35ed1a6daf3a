import { expect, test } from 'vitest'
import { instantOfNumber, instantOfText, readBar } from '../../functions/_vendors/bar-row.ts'

const AT = Date.UTC(2024, 6, 3, 13, 30)
const PRICES = { o: 10, h: 11, l: 9, c: 10.5, v: 1000 }
const BAR = { ts: AT, open: 10, high: 11, low: 9, close: 10.5, volume: 1000 }

test.each([
  ['a text', { t: '2024-07-03T13:30:00Z' }, instantOfText],
  ['milliseconds', { t: AT }, instantOfNumber],
])(
  'bar row: a bar stamped with %s whose vwap and trades are 0 beside a volume says neither',
  (_kind, stamp, stampOf) => {
    const read = (more: object) => readBar({ ...stamp, ...PRICES, ...more }, stampOf).bar
    expect(read({ vw: 0, n: 0 })).toEqual({ ...BAR, vwap: null, trades: null })
    expect(read({ vw: 10.2, n: 0 })).toEqual({ ...BAR, vwap: 10.2, trades: null })
    expect(read({ vw: 10.2, n: 7 })).toEqual({ ...BAR, vwap: 10.2, trades: 7 })
    expect(read({ v: 0, vw: 0, n: 0 })).toEqual({ ...BAR, volume: 0, vwap: 0, trades: 0 })
  },
)
