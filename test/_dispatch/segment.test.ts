import { expect, test } from 'vitest'
import { recordBaselines } from '../../db/liquidity/liquidity.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { ageBucketOf, liquidityFrom, liquidityOf, segmentsAt } from '../../functions/_dispatch/segment.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import { specOf } from '../_lake/lake-fixture.ts'
import { freshDb } from '../db/temp-db.ts'

const TODAY = '2026-11-27'
const datasetsOf = (...names: DatasetName[]) => Object.fromEntries(names.map((name) => [name, specOf(name)]))

test.each([
  ['2026-12-01', 'week'],
  [TODAY, 'week'],
  ['2026-11-21', 'week'],
  ['2026-11-20', 'year'],
  ['2025-11-27', 'year'],
  ['2025-11-25', 'five_years'],
  ['2021-11-25', 'five_years'],
  ['2020-01-02', 'fifteen_years'],
  ['2011-12-01', 'fifteen_years'],
  ['2009-12-31', 'older'],
  ['1962-01-02', 'older'],
])('segment: on 2026-11-27 the day %s is in the age bucket %s', (dt, ageBucket) => {
  expect(ageBucketOf(dt, TODAY)).toBe(ageBucket)
})

test.each([
  [undefined, 'unknown'],
  [1, 'liquid'],
  [0.9, 'liquid'],
  [0.89, 'moderate'],
  [0.3, 'moderate'],
  [0.29, 'thin'],
  [0, 'thin'],
])('segment: a symbol that trades in a share of %s of the minutes is %s', (share, liquidity) => {
  expect(liquidityOf(share)).toBe(liquidity)
})

test('segment: minutes tell of all bars of a symbol, and of nothing else', () => {
  const datasets = datasetsOf(
    'equities_bars',
    'equities_bars_minute',
    'options_bars',
    'macro_treasury',
    'corporate_actions',
  )
  const from = (dataset: DatasetName) => liquidityFrom({ datasets }, dataset)
  for (const bars of ['equities_bars', 'equities_bars_minute', 'options_bars'] as const) {
    expect(from(bars)).toBe('equities_bars_minute')
  }
  expect(from('macro_treasury')).toBeNull()
  expect(from('corporate_actions')).toBeNull()
  expect(liquidityFrom({ datasets: datasetsOf('equities_bars') }, 'equities_bars')).toBeNull()
})

test('segment: a symbol whose baseline has too few days, or none, is of unknown liquidity', async () => {
  const db = await freshDb()
  const baseline = (symbol: string, share: number, days: number) => ({ symbol, share, days, through: TODAY })
  await recordBaselines(db, 'equities_bars_minute', [
    baseline('AAPL', 1, 20),
    baseline('THIN', 0.1, 20),
    baseline('NEW', 1, 1),
  ])
  const qc = { completeness: { baseline_sessions: 5 } }
  const config = { datasets: datasetsOf('equities_bars_minute', 'macro_treasury'), qc } as Parameters<
    typeof segmentsAt
  >[0]['config']
  const now = instantOf(TODAY, '20:30')
  const symbols = ['AAPL', 'THIN', 'NEW', 'ELSE']
  const segmentOf = await segmentsAt({ config, db }, 'equities_bars_minute', symbols, now)
  expect(symbols.map((symbol) => segmentOf({ symbol, dt: TODAY }))).toEqual(
    ['liquid', 'thin', 'unknown', 'unknown'].map((liquidity) => ({ ageBucket: 'week', liquidity })),
  )
  const yields = await segmentsAt({ config, db }, 'macro_treasury', ['UST'], now)
  expect(yields({ symbol: 'UST', dt: '2000-01-03' })).toEqual({ ageBucket: 'older', liquidity: 'any' })
})
