import { describe, expect, test } from 'vitest'
import type { ReferenceRow } from '../../db/symbol-references/list-references.ts'
import type { StatedBy } from '../../functions/_references/life.ts'
import type { AppliedSymbol } from '../../functions/_references/refine-universe.ts'
import { statementOf } from '../../functions/export/instrument-statements.ts'
import { instrumentRows, universeRows } from '../../functions/export/instruments-table.ts'

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
  ({
    vendor,
    name: null,
    type: null,
    exchange: null,
    compositeFigi: null,
    cik: null,
    detailsAskedAt: null,
    listedAskedAt: null,
    ...change,
  }) as ReferenceRow
const NOTHING = [null, null, null, null, null, null]
const tickersOf = (...symbols: AppliedSymbol[]) => universeRows(symbols.map(statementOf))
const instrumentsOf = (...symbols: AppliedSymbol[]) => instrumentRows(symbols.map(statementOf))

const META = listed('META', {
  from: { dt: '2012-05-18', stated: MASSIVE },
  was: { tickers: [{ symbol: 'FB', to: '2022-06-08' }], stated: UNIVERSE },
})
const OLD_GM = listed('GM-OLD', {
  from: { dt: '1990-01-02', stated: UNIVERSE },
  to: { dt: '2009-06-01', stated: UNIVERSE },
  was: { tickers: [{ symbol: 'GM', to: '2009-06-01' }], stated: UNIVERSE },
})
const GM = listed('GM', { from: { dt: '2010-11-18', stated: MASSIVE } })

describe('instruments table: an instrument', () => {
  test('of which nobody states a day has its ticker alone', () => {
    expect(tickersOf(listed('KO'))).toEqual([['KO', 'KO', 'KO', null, null, null, null]])
    expect(instrumentsOf(listed('KO'))).toEqual([['KO', 'KO', 'KO', null, null, null, null, ...NOTHING]])
  })

  test('is one row through all its tickers, and has a row for each, whose days follow each other, with who states them', () => {
    expect(tickersOf(META)).toEqual([
      ['META', 'META', 'FB', '2012-05-18', '2022-06-08', 'massive 2025-07-09', 'universe'],
      ['META', 'META', 'META', '2022-06-09', null, 'universe', null],
    ])
    expect(instrumentsOf(META)).toEqual([
      ['META', 'META', 'FB,META', '2012-05-18', 'massive 2025-07-09', null, null, ...NOTHING],
    ])
  })

  test('ends where it was delisted, and two companies of one ticker stay apart', () => {
    expect(tickersOf(GM, OLD_GM).map((row) => row.slice(1, 5))).toEqual([
      ['GM', 'GM', '2010-11-18', null],
      ['GM-OLD', 'GM', '1990-01-02', '2009-06-01'],
    ])
    expect(instrumentsOf(OLD_GM)[0]?.slice(3, 7)).toEqual(['1990-01-02', 'universe', '2009-06-01', 'universe'])
  })

  test('carries what the first vendor says that says anything, in the order of their names, and who said it when', () => {
    const askedAt = Date.parse('2025-07-09T01:00:00Z')
    const rows = [
      said('massive', { name: 'Coca-Cola Company', type: 'CS', detailsAskedAt: askedAt }),
      said('alpaca', { exchange: 'NYSE' }),
    ]
    expect(instrumentsOf(listed('KO', { rows }))[0]?.slice(7)).toEqual([
      'Coca-Cola Company',
      'CS',
      'NYSE',
      null,
      null,
      'alpaca, massive 2025-07-09',
    ])
  })

  test('is known by its FIGI, and by its symbol where two symbols are given the same one', () => {
    const figi = (compositeFigi: string) => ({ rows: [said('massive', { compositeFigi })] })
    const ids = (...symbols: AppliedSymbol[]) => instrumentsOf(...symbols).map(([id]) => id)
    expect(ids(listed('META', figi('BBG000MM2P62')), listed('KO'))).toEqual(['BBG000MM2P62', 'KO'])
    expect(ids(listed('GM', figi('BBG000NDYB67')), listed('GM-OLD', figi('BBG000NDYB67')))).toEqual(['GM', 'GM-OLD'])
  })
})
