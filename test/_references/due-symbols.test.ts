import { expect, test } from 'vitest'
import type { Listing } from '../../config/schema.ts'
import type { ReferenceRow } from '../../db/symbol-references/list-references.ts'
import { dueWants } from '../../functions/_references/due-symbols.ts'
import type { ReferenceQuestion } from '../../functions/_vendors/vendor.ts'
import { NOW } from '../db/temp-db.ts'
import { delisted, listed, referenceRow } from './rows.ts'

const DAY = 86_400_000
const undated = (symbol: string): Listing => ({ symbol, from: '1990-01-02', to: null, undated: true })
const UNIVERSE = [undated('AAA'), undated('BBB'), { symbol: 'CCC', from: '2010-01-04', to: null }]

const due = (question: ReferenceQuestion, rows: Partial<Record<string, Partial<ReferenceRow>>>, now = NOW) =>
  dueWants(
    question,
    UNIVERSE,
    new Map(Object.entries(rows).map(([symbol, more]) => [symbol, referenceRow('massive', symbol, more)])),
    now,
  )
const symbols = (...asked: Parameters<typeof due>): string[] => due(...asked).map(({ symbol }) => symbol)

test('due symbols: the list of listed tickers is asked for all symbols once a week, those never asked first', () => {
  expect(symbols('listed', {})).toEqual(['AAA', 'BBB', 'CCC'])
  const rows = { AAA: { ...listed, listedAskedAt: NOW - 7 * DAY }, BBB: { ...listed, listedAskedAt: NOW - 8 * DAY } }
  expect(symbols('listed', rows)).toEqual(['CCC', 'BBB', 'AAA'])
  expect(symbols('listed', { AAA: listed, BBB: listed, CCC: listed }, NOW + 6 * DAY)).toEqual([])
  expect(symbols('listed', { AAA: listed, BBB: listed, CCC: listed }, NOW + 7 * DAY - 60_000)).toHaveLength(3)
})

test('due symbols: an answer of a clock that ran ahead counts for nothing', () => {
  expect(symbols('listed', { AAA: { ...listed, listedAskedAt: NOW + 1 }, BBB: listed, CCC: listed })).toEqual(['AAA'])
})

test('due symbols: delisted tickers are looked for where the list of listed ones lacked a symbol', () => {
  const gone = { isListed: false, listedAskedAt: NOW }
  expect(symbols('delisted', { AAA: listed, BBB: gone })).toEqual(['BBB'])
  expect(symbols('delisted', { BBB: { ...gone, delistedAskedAt: NOW } })).toEqual([])
  expect(symbols('delisted', { BBB: { ...gone, delistedAskedAt: NOW - 7 * DAY } })).toEqual(['BBB'])
})

test('due symbols: details are asked where no first day is stated, once the symbol is known to live or not', () => {
  expect(symbols('details', {})).toEqual([])
  expect(symbols('details', { AAA: listed, BBB: { isListed: false }, CCC: listed })).toEqual(['AAA'])
  expect(symbols('details', { AAA: { ...listed, listedFrom: '2005-03-01' } })).toEqual([])
  expect(symbols('details', { AAA: { ...listed, detailsAskedAt: NOW - 29 * DAY } })).toEqual([])
  expect(symbols('details', { AAA: { ...listed, detailsAskedAt: NOW - 30 * DAY }, BBB: listed })).toEqual([
    'BBB',
    'AAA',
  ])
})

test('due symbols: details of a delisted symbol are asked as of a day on which it was listed', () => {
  expect(due('details', { AAA: { ...delisted('2023-10-13'), delistedAskedAt: NOW } })).toEqual([
    { symbol: 'AAA', asOf: '2023-10-06' },
  ])
})

test('due symbols: names are asked where the universe states none, once in thirty days', () => {
  expect(symbols('names', {})).toEqual(['AAA', 'BBB', 'CCC'])
  expect(symbols('names', { AAA: { namesAskedAt: NOW - 29 * DAY }, BBB: { namesAskedAt: NOW - 31 * DAY } })).toEqual([
    'CCC',
    'BBB',
  ])
  const was = [{ symbol: 'OLD', to: '2012-01-03' }]
  expect(dueWants('names', [{ ...undated('AAA'), was }], new Map(), NOW)).toEqual([])
})
