import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DatasetConfig } from '../../config/schema.ts'
import { type Candidate, chooseVendor, rankingOf } from '../../functions/_dispatch/choose-vendor.ts'

const NOW = 1_752_020_000_000

interface Received {
  vendor: string
  id: number
  score?: number
  calls?: number
  priority?: number
  lane?: 'today' | 'backfill'
  freeAt?: number | null
  isShared?: boolean
  dt?: string
}

function candidate({ vendor, id, dt = '2024-07-01', ...told }: Received): Candidate {
  const { score = 1, calls = 100, priority = 0, lane = 'backfill', freeAt = NOW, isShared = false } = told
  return {
    source: { connection: { name: vendor, config: { calls_per_minute: calls } } } as Candidate['source'],
    dataset: 'equities_bars',
    spec: { backfill: { order: 'oldest-first' } } as DatasetConfig,
    reach: { vendor, dataset: 'equities_bars', fromDt: dt, toDt: dt, lane: null, now: NOW },
    head: { id, symbol: 'AAPL', dt, days: null, lane, priority, expectedRows: 1, reason: 'missing', attempts: 0 },
    score: {
      vendor,
      score,
      fills: 1,
      preference: 1,
      cost: 1,
      latencyMs: 1,
      segment: null,
      asked: 0,
      filled: 0,
      prior: 1,
    },
    freeAt,
    isShared,
  }
}

const picked = (...told: Received[]): string | null => {
  const next = chooseVendor(told.map(candidate), NOW)
  return next === null ? null : `${next.source.connection.name} ${next.head.id}`
}

describe('choose vendor: whose call comes next', () => {
  it('is nobody while no vendor is free', () => {
    expect(picked({ vendor: 'alpaca', id: 1, freeAt: NOW + 1 }, { vendor: 'massive', id: 1, freeAt: null })).toBeNull()
  })

  it('is that of the better score where two vendors have the same head', () => {
    expect(
      picked({ vendor: 'massive', id: 1, score: 1, isShared: true, calls: 5 }, { vendor: 'alpaca', id: 1, score: 9 }),
    ).toBe('alpaca 1')
  })

  it('is that of the scarcer vendor where it alone can do something, although that is less urgent', () => {
    expect(
      picked(
        { vendor: 'alpaca', id: 1, priority: 10, calls: 200 },
        { vendor: 'massive', id: 2, priority: 0, calls: 5 },
      ),
    ).toBe('massive 2')
  })

  it('spares a vendor the work that a better one may do while there is work of its own', () => {
    expect(
      picked(
        { vendor: 'massive', id: 1, priority: 10, isShared: true, calls: 5 },
        { vendor: 'massive', id: 2, priority: 0, calls: 5 },
      ),
    ).toBe('massive 2')
  })

  it('lets a vendor help out when the better one has spent its budget', () => {
    expect(
      picked(
        { vendor: 'massive', id: 1, isShared: true, calls: 5 },
        { vendor: 'alpaca', id: 1, score: 9, freeAt: NOW + 1 },
      ),
    ).toBe('massive 1')
  })

  it('goes by the queue in lane today, whoever is scarce', () => {
    expect(
      picked(
        { vendor: 'massive', id: 2, calls: 5 },
        { vendor: 'alpaca', id: 7, lane: 'today', score: 2 },
        { vendor: 'fred', id: 7, lane: 'today', score: 1 },
      ),
    ).toBe('alpaca 7')
  })

  it('tries another vendor for one head in sixty-four', () => {
    expect(picked({ vendor: 'alpaca', id: 64, score: 9 }, { vendor: 'massive', id: 64, isShared: true })).toBe(
      'massive 64',
    )
  })

  it('is somebody whenever somebody is free, and never one that is not', () => {
    const anyone = fc
      .record({
        vendor: fc.constantFrom('alpaca', 'massive', 'fred'),
        id: fc.integer({ min: 1, max: 200 }),
        score: fc.double({ min: 0.1, max: 9, noNaN: true }),
        calls: fc.constantFrom(5, 120, 200),
        freeAt: fc.constantFrom(NOW - 5, NOW, NOW + 1, null),
        isShared: fc.boolean(),
      })
      // Two candidates with one head have one task, with one lane and one priority.
      .map(
        (one): Received => ({
          ...one,
          lane: one.id % 2 === 0 ? 'today' : 'backfill',
          priority: 10 * ((one.id % 3) - 1),
        }),
      )
    fc.assert(
      fc.property(fc.array(anyone, { maxLength: 8 }), (told) => {
        const all = told.map(candidate)
        const next = chooseVendor(all, NOW)
        const free = all.filter(({ freeAt }) => freeAt !== null && freeAt <= NOW)
        expect(next === null).toBe(free.length === 0)
        if (next === null) return
        expect(free).toContain(next)
        if (free.some(({ head }) => head.lane === 'today')) expect(next.head.lane).toBe('today')
        expect(rankingOf(next.head, all, NOW)).toContain(next)
      }),
    )
  })
})
