import { expect, test } from 'vitest'
import type { Listing } from '../../config/schema.ts'
import type { ReferenceRow } from '../../db/symbol-references/list-references.ts'
import { type RefinedUniverse, refineUniverse } from '../../functions/_references/refine-universe.ts'
import { NOW } from '../db/temp-db.ts'
import { delisted, referenceRow } from './rows.ts'

const START = '1990-01-02'
const undated = (symbol: string): Listing => ({ symbol, from: START, to: null, undated: true })

function refine(stated: Listing[], rows: ReferenceRow[]): RefinedUniverse {
  const bySymbol = new Map(rows.map(({ symbol }) => [symbol, rows.filter((row) => row.symbol === symbol)]))
  return refineUniverse(stated, { rows: bySymbol, delivered: new Map(), calendarStart: START })
}

const wasFb = ['alpaca', 'massive'].map((vendor) =>
  referenceRow(vendor, 'META', { filedTickers: [{ symbol: 'FB', to: '2022-06-08' }], filedAt: NOW }),
)

test('refine universe: without references the universe stays as it is stated, plain tickers too', () => {
  const stated = [undated('ABC'), { symbol: 'XYZ', from: '2010-01-04', to: '2020-01-03' }]
  expect(refine(stated, []).universe).toEqual(stated)
})

test('refine universe: a plain ticker gets its life and its earlier tickers', () => {
  const rows = [...wasFb, referenceRow('massive', 'ATVI', { ...delisted('2023-10-13'), listedFrom: '1993-10-25' })]
  const { universe } = refine([undated('ATVI'), undated('META')], rows)
  expect(universe).toEqual([
    { ...undated('ATVI'), from: '1993-10-25', to: '2023-10-13' },
    { ...undated('META'), was: [{ symbol: 'FB', to: '2022-06-08' }] },
  ])
})

test('refine universe: an entry with dates and names is never changed', () => {
  const stated = [
    { symbol: 'META', from: '2012-05-18', to: null, was: [{ symbol: 'FB', to: '2022-06-08' }] },
    { symbol: 'ATVI', from: '1994-01-03', to: null },
  ]
  const rows = [...wasFb, referenceRow('massive', 'ATVI', { ...delisted('2023-10-13'), listedFrom: '1993-10-25' })]
  expect(refine(stated, rows).universe).toEqual(stated)
})

test('refine universe: earlier tickers that another symbol has on a day are refused and told', () => {
  const { universe, symbols } = refine([undated('FB'), undated('META')], wasFb)
  expect(universe).toEqual([undated('FB'), undated('META')])
  expect(symbols[1]).toMatchObject({ symbol: 'META', was: { tickers: [], stated: { by: 'universe' } } })
  expect(symbols[1]?.contradictions).toEqual([
    'the earlier tickers of META (FB to 2022-06-08) are refused: FB belongs to FB on 1990-01-02',
  ])
})

test('refine universe: a ticker that passed on to another company is no conflict', () => {
  const now = referenceRow('massive', 'FB', { listedFrom: '2025-01-02', detailsAskedAt: NOW })
  const { universe } = refine([undated('FB'), undated('META')], [...wasFb, now])
  expect(universe).toMatchObject([{ from: '2025-01-02' }, { was: [{ symbol: 'FB', to: '2022-06-08' }] }])
})

test('refine universe: of two symbols with one earlier ticker the first in the universe gets it', () => {
  const other = wasFb.map((row) => ({ ...row, symbol: 'MVRS' }))
  const { universe, symbols } = refine([undated('META'), undated('MVRS')], [...wasFb, ...other])
  expect(universe.map(({ was }) => was?.length ?? 0)).toEqual([1, 0])
  expect(symbols[1]?.contradictions).toEqual([expect.stringContaining('FB belongs to META')])
})

test('refine universe: what it makes refined again is the same', () => {
  const rows = [...wasFb, referenceRow('massive', 'FB', { listedFrom: '2025-01-02', detailsAskedAt: NOW })]
  const once = refine([undated('FB'), undated('META')], rows)
  expect(refine([undated('FB'), undated('META')], rows.toReversed())).toMatchObject({ universe: once.universe })
})
