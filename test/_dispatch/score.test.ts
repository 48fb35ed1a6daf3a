import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { VendorConfig, VendorDatasetConfig } from '../../config/schema.ts'
import type { Server } from '../../functions/_dispatch/desk.ts'
import { scoreOf } from '../../functions/_dispatch/score.ts'
import { alpaca } from '../../functions/_vendors/alpaca/index.ts'
import { specOf } from '../_lake/lake-fixture.ts'

const daily = specOf('equities_bars')

function server(terms: Partial<VendorDatasetConfig> = {}, vendor: Partial<VendorConfig> = {}): Server {
  const config: VendorConfig = {
    base_url: 'http://localhost',
    calls_per_minute: 100,
    calls_per_day: null,
    today_share: 0,
    datasets: {},
    ...vendor,
  }
  return {
    seat: { name: 'alpaca', config, connector: alpaca, missing: [], get: () => Promise.reject },
    terms: {
      feed: 'sip',
      entitled: true,
      history: { from: '2016-01-01' },
      recency: { days: 0, at: '20:16' },
      preference: 1,
      fill_rate: 0.9,
      latency_ms: 400,
      shape: { rows_per_page: 10_000, symbols_per_call: 500, pages_per_plan: 4 },
      ...terms,
    },
  }
}

const seen = (asked: number, filled: number, calls = 0, latencyMs = 0) => ({
  vendor: 'alpaca',
  dataset: 'equities_bars',
  asked,
  filled,
  calls,
  latencyMs,
})

test('without experience the registry is believed', () => {
  expect(scoreOf(server(), daily, undefined)).toMatchObject({
    vendor: 'alpaca',
    fills: 0.9,
    latencyMs: 400,
    preference: 1,
  })
})

test('experience wins over the registry in the end', () => {
  const poor = scoreOf(server(), daily, seen(10_000, 1_000, 1_000, 2_000_000))
  expect(poor.fills).toBeCloseTo(0.1, 1)
  expect(poor.latencyMs).toBeCloseTo(2_000, -2)
})

test('more filled, faster, preferred, larger pages, more calls: each is worth more and none less', () => {
  const anyCount = fc.integer({ min: 0, max: 5_000 })
  fc.assert(
    fc.property(anyCount, anyCount, fc.integer({ min: 1, max: 500 }), anyCount, (asked, part, calls, latency) => {
      const filled = Math.min(asked, part)
      const learned = seen(asked, filled, calls, latency * calls)
      const { score } = scoreOf(server(), daily, learned)
      expect(score).toBeGreaterThan(0)
      if (filled > 0) expect(scoreOf(server(), daily, { ...learned, filled: filled - 1 }).score).toBeLessThan(score)
      expect(scoreOf(server(), daily, { ...learned, latencyMs: learned.latencyMs + 1_000 }).score).toBeLessThan(score)
      expect(scoreOf(server({ preference: 2 }), daily, learned).score).toBeGreaterThan(score)
      expect(scoreOf(server({}, { calls_per_minute: 200 }), daily, learned).score).toBeGreaterThan(score)
      const wide = server({ shape: { rows_per_page: 50_000, symbols_per_call: 500, pages_per_plan: 4 } })
      expect(scoreOf(wide, daily, learned).score).toBeGreaterThan(score)
    }),
  )
})

test('a page is worth as many cells as it holds', () => {
  const minute = specOf('equities_bars_minute')
  const ratio = scoreOf(server(), minute, undefined).cost / scoreOf(server(), daily, undefined).cost
  expect(ratio).toBeCloseTo(400)
})
