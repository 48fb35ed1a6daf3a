import { describe, expect, test } from 'vitest'
import type { ReferenceRow } from '../../db/symbol-references/list-references.ts'
import type { StatedBy } from '../../functions/_references/life.ts'
import type { AppliedSymbol } from '../../functions/_references/refine-universe.ts'
import { instrumentRows } from '../../functions/export/instruments-table.ts'

const UNIVERSE: StatedBy = { by: 'universe' }
const CALENDAR: StatedBy = { by: 'calendar' }
const MASSIVE: StatedBy = {
  by: 'vendors',
  vendors: [{ vendor: 'massive', askedAt: Date.parse('2025-07-09T01:00:00Z') }],
}

const listed = (symbol: string, change: Partial<AppliedSymbol> = {}): AppliedSymbol => ({
  symbol,
  from: { dt: '1990-01-02', stated: CALENDAR },
  to: { dt: null, stated: UNIVERSE },
  was: { tickers: [], stated: UNIVERSE },
  rows: [],
  contradictions: [],
  suggestions: [],
  ...change,
})
const said = (vendor: string, change: Partial<ReferenceRow>): ReferenceRow =>
  ({ vendor, name: null, type: null, exchange: null, compositeFigi: null, cik: null, ...change }) as ReferenceRow
const NOTHING = [null, null, null, null, null]

describe('instruments table: a symbol', () => {
  test('of which nobody states a day has its ticker alone', () => {
    expect(instrumentRows([listed('KO')])).toEqual([['KO', 'KO', null, null, ...NOTHING, null, null]])
  })

  test('has a row for each ticker, whose days follow each other, with who states them', () => {
    const meta = listed('META', {
      from: { dt: '2012-05-18', stated: MASSIVE },
      was: { tickers: [{ symbol: 'FB', to: '2022-06-08' }], stated: UNIVERSE },
    })
    expect(instrumentRows([meta])).toEqual([
      ['META', 'FB', '2012-05-18', '2022-06-08', ...NOTHING, 'massive 2025-07-09', 'universe'],
      ['META', 'META', '2022-06-09', null, ...NOTHING, 'universe', null],
    ])
  })

  test('ends where it was delisted, and two companies of one ticker stay apart', () => {
    const old = listed('GM-OLD', {
      from: { dt: '1990-01-02', stated: UNIVERSE },
      to: { dt: '2009-06-01', stated: UNIVERSE },
      was: { tickers: [{ symbol: 'GM', to: '2009-06-01' }], stated: UNIVERSE },
    })
    const now = listed('GM', { from: { dt: '2010-11-18', stated: MASSIVE } })
    expect(instrumentRows([old, now]).map((row) => row.slice(0, 4))).toEqual([
      ['GM', 'GM', '2010-11-18', null],
      ['GM-OLD', 'GM', '1990-01-02', '2009-06-01'],
    ])
  })

  test('carries what the first vendor says that says anything, in the order of their names', () => {
    const rows = [said('massive', { name: 'Coca-Cola Company', type: 'CS' }), said('alpaca', { exchange: 'NYSE' })]
    expect(instrumentRows([listed('KO', { rows })])[0]?.slice(4, 9)).toEqual([
      'Coca-Cola Company',
      'CS',
      'NYSE',
      null,
      null,
    ])
  })
})
