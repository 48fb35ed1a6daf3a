import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { VendorConfig, VendorDatasetConfig } from '../../config/schema.ts'
import type { VendorScore } from '../../db/vendor-scores/scores.ts'
import type { DatasetSource } from '../../functions/_catalog/catalog.ts'
import { PRIOR_CELLS, PRIOR_SEGMENTS, type Score, scoreOf } from '../../functions/_dispatch/score.ts'
import type { Segment } from '../../functions/_dispatch/segment.ts'
import { alpaca } from '../../functions/_vendors/alpaca/index.ts'
import { datasetTerms } from '../_catalog/dataset-terms.ts'
import { specOf } from '../_lake/lake-fixture.ts'

const daily = specOf('equities_bars')

function source(terms: Partial<VendorDatasetConfig> = {}, vendor: Partial<VendorConfig> = {}): DatasetSource {
  const config: VendorConfig = {
    base_url: 'http://localhost',
    calls_per_minute: 100,
    calls_per_day: null,
    today_share: 0,
    datasets: {},
    ...vendor,
  }
  return {
    connection: { name: 'alpaca', config, connector: alpaca, missing: [], get: () => Promise.reject },
    terms: datasetTerms(terms),
  }
}

const WEEK: Segment = { ageBucket: 'week', liquidity: 'any' }
const OLDER: Segment = { ageBucket: 'older', liquidity: 'any' }

const cells = (segment: Segment, asked: number, filled: number) => ({ ...segment, asked, filled })

const seen = (segments: VendorScore['segments'], calls = 0, latencyMs = 0): VendorScore => ({
  vendor: 'alpaca',
  dataset: 'equities_bars',
  asked: 0,
  filled: 0,
  calls,
  latencyMs,
  segments,
})

const fillsOf = (segment: Segment | null, ...segments: VendorScore['segments']) =>
  scoreOf(source(), daily, seen(segments), segment).fills

test('score: without experience the registry is believed', () => {
  expect(scoreOf(source(), daily, undefined, WEEK)).toMatchObject({
    vendor: 'alpaca',
    fills: 0.9,
    latencyMs: 400,
    preference: 1,
    segment: WEEK,
    asked: 0,
    prior: 0.9,
  })
})

test('score: experience wins over the registry in the end', () => {
  const poor = scoreOf(source(), daily, seen([cells(WEEK, 1_000, 100)], 1_000, 2_000_000), WEEK)
  expect(poor.fills).toBeCloseTo(0.116, 3)
  expect(poor.latencyMs).toBeCloseTo(2_000, -2)
})

test('score: a vendor that has nothing of old days loses the old days only', () => {
  const hole = cells(OLDER, 1_000, 0)
  expect(fillsOf(OLDER, hole)).toBeLessThan(0.05)
  // What was never asked for is in doubt, no more; some answers settle it.
  expect(fillsOf(WEEK, hole)).toBeGreaterThan(0.7)
  expect(fillsOf(WEEK, hole, cells(WEEK, 60, 60))).toBeGreaterThan(0.9)
  expect(fillsOf(OLDER, hole, cells(WEEK, 1_000, 1_000))).toBeLessThan(0.06)
})

test('score: a vendor that is bad at thin symbols keeps the liquid ones', () => {
  const thin: Segment = { ageBucket: 'year', liquidity: 'thin' }
  const liquid: Segment = { ageBucket: 'year', liquidity: 'liquid' }
  const known = [cells(thin, 800, 80), cells(liquid, 800, 800)]
  expect(fillsOf(thin, ...known)).toBeCloseTo(0.12, 2)
  expect(fillsOf(liquid, ...known)).toBeGreaterThan(0.95)
})

test('score: few observations hardly move a segment or its prior', () => {
  expect(fillsOf(WEEK, cells(WEEK, 2, 0))).toBeGreaterThan(0.8)
  expect(fillsOf(OLDER, cells(WEEK, 2, 0))).toBeGreaterThan(0.88)
  const settled = cells(OLDER, 1_000, 1_000)
  expect(fillsOf(WEEK, settled, cells(WEEK, 2, 0))).toBeGreaterThan(0.82)
})

test('score: an unobserved segment gets the mean of the other segments, each counted once', () => {
  const thin: Segment = { ageBucket: 'year', liquidity: 'thin' }
  const [good, poor] = [cells(OLDER, 10, 10), cells(WEEK, 1_000, 0)]
  const z = (asked: number): number => asked / (asked + PRIOR_CELLS)
  const expected = (PRIOR_SEGMENTS * 0.9 + z(10) * 1 + z(1_000) * 0) / (PRIOR_SEGMENTS + z(10) + z(1_000))
  expect(fillsOf(thin, good, poor)).toBeCloseTo(expected)
  expect(fillsOf(null, good, poor)).toBeCloseTo(expected)
  // However often one segment is asked for, it counts once.
  expect(fillsOf(thin, cells(WEEK, 1e9, 0))).toBeCloseTo((PRIOR_SEGMENTS * 0.9) / (PRIOR_SEGMENTS + 1))
})

test('score: more filled, faster, preferred, larger pages, more calls: each is worth more and none less', () => {
  const anyCount = fc.integer({ min: 0, max: 5_000 })
  const anyCells = fc.tuple(anyCount, anyCount).map(([asked, part]) => ({ asked, filled: Math.min(asked, part) }))
  fc.assert(
    fc.property(anyCells, anyCells, fc.integer({ min: 1, max: 500 }), anyCount, (week, older, calls, latency) => {
      const of = (mine: typeof week, other: typeof older, ms = latency * calls, at = source()): Score =>
        scoreOf(
          at,
          daily,
          seen([cells(WEEK, mine.asked, mine.filled), cells(OLDER, other.asked, other.filled)], calls, ms),
          WEEK,
        )
      const { score, fills } = of(week, older)
      expect(fills).toBeGreaterThan(0)
      expect(fills).toBeLessThanOrEqual(1)
      const less = (one: typeof week) => ({ ...one, filled: one.filled - 1 })
      if (week.filled > 0) expect(of(less(week), older).score).toBeLessThan(score)
      if (older.filled > 0) expect(of(week, less(older)).score).toBeLessThan(score)
      expect(of(week, older, latency * calls + 1_000).score).toBeLessThan(score)
      const better = (at: DatasetSource) => expect(of(week, older, latency * calls, at).score).toBeGreaterThan(score)
      better(source({ preference: 2 }))
      better(source({}, { calls_per_minute: 200 }))
      better(source({ shape: { rows_per_page: 50_000, symbols_per_call: 500, pages_per_plan: 4 } }))
    }),
  )
})

test('score: a page is worth as many cells as it holds', () => {
  const minute = specOf('equities_bars_minute')
  const ratio = scoreOf(source(), minute, undefined, null).cost / scoreOf(source(), daily, undefined, null).cost
  expect(ratio).toBeCloseTo(400)
})
