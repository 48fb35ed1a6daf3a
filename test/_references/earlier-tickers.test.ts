import { expect, test } from 'vitest'
import type { Listing } from '../../config/schema.ts'
import { earlierTickersOf } from '../../functions/_references/earlier-tickers.ts'
import { NOW } from '../db/temp-db.ts'
import { referenceRow } from './rows.ts'

const LIFE = { from: '2012-05-18', to: null }
const undated: Listing = { symbol: 'META', from: '1990-01-02', to: null, undated: true }
const FILED = { filedTickers: [{ symbol: 'FB', to: '2022-06-08' }], filedAt: NOW }
// Massive's recorded event is of 2022-06-11, a Saturday.
const EVENT = { eventTickers: [{ symbol: 'FB', to: '2022-06-10' }], namesAskedAt: NOW + 1 }
const alpaca = referenceRow('alpaca', 'META', FILED)
const massive = referenceRow('massive', 'META', EVENT)

test('earlier tickers: two vendors that agree within a few days apply, with the filed day', () => {
  expect(earlierTickersOf(undated, [alpaca, massive], LIFE)).toEqual({
    tickers: [{ symbol: 'FB', to: '2022-06-08' }],
    stated: {
      by: 'vendors',
      vendors: [
        { vendor: 'alpaca', askedAt: NOW },
        { vendor: 'massive', askedAt: NOW + 1 },
      ],
    },
    contradictions: [],
    suggestions: [],
  })
})

test('earlier tickers: one vendor alone suggests, also when it states the change twice', () => {
  for (const rows of [[alpaca], [massive], [referenceRow('massive', 'META', { ...FILED, ...EVENT })]]) {
    const found = earlierTickersOf(undated, rows, LIFE)
    expect(found).toMatchObject({ tickers: [], stated: { by: 'universe' }, contradictions: [] })
    expect(found.suggestions).toEqual([expect.stringContaining('META was FB before')])
  }
})

test('earlier tickers: vendors that differ by more than a few days suggest', () => {
  const late = referenceRow('massive', 'META', { eventTickers: [{ symbol: 'FB', to: '2022-07-10' }] })
  expect(earlierTickersOf(undated, [alpaca, late], LIFE)).toMatchObject({ tickers: [], suggestions: { length: 2 } })
})

test('earlier tickers: a change outside the life of the symbol suggests', () => {
  expect(earlierTickersOf(undated, [alpaca, massive], { from: '2023-01-03', to: null }).tickers).toEqual([])
  expect(earlierTickersOf(undated, [alpaca, massive], { from: '2012-05-18', to: '2022-06-08' }).tickers).toEqual([])
})

test('earlier tickers: a symbol with a stated first day gets suggestions alone', () => {
  const { undated: _, ...dated } = undated
  expect(earlierTickersOf(dated, [alpaca, massive], LIFE)).toMatchObject({ tickers: [], suggestions: { length: 1 } })
})

test('earlier tickers: what the universe states stands, and another day is told', () => {
  const was = [{ symbol: 'FB', to: '2022-06-08' }]
  const stated = { ...undated, was }
  expect(earlierTickersOf(stated, [alpaca, massive], LIFE)).toEqual({
    tickers: was,
    stated: { by: 'universe' },
    contradictions: [],
    suggestions: [],
  })
  const late = referenceRow('massive', 'META', { eventTickers: [{ symbol: 'FB', to: '2022-07-10' }] })
  expect(earlierTickersOf(stated, [late], LIFE).contradictions).toEqual([expect.stringContaining('which stands')])
  expect(earlierTickersOf({ ...undated, was: [] }, [alpaca, massive], LIFE)).toMatchObject({
    tickers: [],
    suggestions: { length: 1 },
  })
})

test('earlier tickers: several apply oldest first', () => {
  const tickers = [
    { symbol: 'NEWER', to: '2020-03-02' },
    { symbol: 'OLDER', to: '2015-03-02' },
  ]
  const rows = ['alpaca', 'massive'].map((vendor) =>
    referenceRow(vendor, 'META', { filedTickers: tickers, filedAt: NOW }),
  )
  expect(earlierTickersOf(undated, rows, LIFE).tickers).toEqual(tickers.toReversed())
})
