import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { callsSpent, type Limits, nextCallAt, releases, roomOf, takeCalls } from '../../../db/budgets/take-calls.ts'
import { freshDb } from '../temp-db.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const MIDNIGHT = Date.UTC(2024, 6, 6)
const limits = (perMinute: number, perDay: number | null = null): Limits => ({ vendor: 'massive', perMinute, perDay })

test('take calls: a budget gives its calls and then refuses until the first of them is a minute old', async () => {
  const db = await freshDb()
  const begun = MIDNIGHT + 12 * 3_600_000
  for (let i = 0; i < 5; i++) expect(await takeCalls(db, limits(5), 1, begun + i)).toBe(true)
  expect(await takeCalls(db, limits(5), 1, begun + 5)).toBe(false)
  const free = await nextCallAt(db, limits(5), begun + 5)
  expect(free).toBe(begun + MINUTE + 300)
  expect(await takeCalls(db, limits(5), 1, (free as number) - 1)).toBe(false)
  expect(await takeCalls(db, limits(5), 1, free as number)).toBe(true)
})

test('take calls: calls are taken all or nothing, and a refusal takes none', async () => {
  const db = await freshDb()
  expect(await takeCalls(db, limits(5, 100), 3, MIDNIGHT)).toBe(true)
  expect(await takeCalls(db, limits(5, 100), 3, MIDNIGHT)).toBe(false)
  expect(await callsSpent(db, 'massive', MIDNIGHT)).toEqual({ minute: 3, today: 0, ahead: 0, day: 3 })
  expect(await takeCalls(db, limits(5, 100), 2, MIDNIGHT)).toBe(true)
  expect(await callsSpent(db, 'massive', MIDNIGHT)).toEqual({ minute: 5, today: 0, ahead: 0, day: 5 })
})

test('take calls: what was sent lately says when it stops counting, without the share of today', async () => {
  const db = await freshDb()
  const backfill = { ...limits(5), reserved: 2 }
  expect(await takeCalls(db, backfill, 3, MIDNIGHT)).toBe(true)
  expect(await takeCalls(db, { ...limits(7), isToday: true }, 1, MIDNIGHT + 10_000)).toBe(true)
  expect(await takeCalls(db, backfill, 2, MIDNIGHT + 20_000)).toBe(true)
  const first = await nextCallAt(db, backfill, MIDNIGHT + 20_000)
  expect(await releases(db, 'massive', MIDNIGHT + 20_000)).toEqual([
    { at: first, calls: 3 },
    { at: (first as number) + 20_000, calls: 2 },
  ])
  expect(await releases(db, 'massive', first as number)).toHaveLength(1)
})

test('take calls: each vendor has its own budget', async () => {
  const db = await freshDb()
  expect(await takeCalls(db, limits(1), 1, MIDNIGHT)).toBe(true)
  expect(await takeCalls(db, { ...limits(1), vendor: 'alpaca' }, 1, MIDNIGHT)).toBe(true)
  expect(await callsSpent(db, 'fred', MIDNIGHT)).toEqual({ minute: 0, today: 0, ahead: 0, day: 0 })
})

test('take calls: the daily cap ends with the UTC day', async () => {
  const db = await freshDb()
  const noon = MIDNIGHT - 12 * 3_600_000
  for (let i = 0; i < 3; i++) expect(await takeCalls(db, limits(2, 3), 1, noon + i * MINUTE)).toBe(true)
  expect(await takeCalls(db, limits(2, 3), 1, noon + 10 * MINUTE)).toBe(false)
  expect(await nextCallAt(db, limits(2, 3), noon + 10 * MINUTE)).toBe(MIDNIGHT)
  expect(await takeCalls(db, limits(2, 3), 1, MIDNIGHT)).toBe(true)
})

test('take calls: a day spent in its last seconds does not promise the first instant of the next', async () => {
  const db = await freshDb()
  const late = MIDNIGHT - 10_000
  expect(await takeCalls(db, limits(3, 3), 3, late)).toBe(true)
  expect(await nextCallAt(db, limits(3, 3), late)).toBe(late + MINUTE + 300)
})

test.each([limits(0), limits(5, 0)])('take calls: a limit of zero forbids calls for good', async (none) => {
  const db = await freshDb()
  expect(await nextCallAt(db, none, MIDNIGHT)).toBeNull()
  expect(await takeCalls(db, none, 1, MIDNIGHT)).toBe(false)
})

test('take calls: two workers of one budget together stay within it', async () => {
  const db = await freshDb()
  const granted = await Promise.all(Array.from({ length: 40 }, (_, i) => takeCalls(db, limits(7), 1, MIDNIGHT + i)))
  expect(granted.filter(Boolean)).toHaveLength(7)
})

test('take calls: the share kept for lane today is there when backfill has spent all it may', async () => {
  const db = await freshDb()
  for (let i = 0; i < 6; i++) await takeCalls(db, limits(4), 1, MIDNIGHT)
  expect(await takeCalls(db, limits(4), 1, MIDNIGHT)).toBe(false)
  expect(await takeCalls(db, limits(5), 1, MIDNIGHT)).toBe(true)
  expect(await takeCalls(db, limits(5), 1, MIDNIGHT)).toBe(false)
})

test('take calls: a clock that is set back refuses rather than spends a minute twice', async () => {
  const db = await freshDb()
  expect(await takeCalls(db, limits(2), 2, MIDNIGHT + 30_000)).toBe(true)
  expect(await takeCalls(db, limits(2), 1, MIDNIGHT)).toBe(false)
  expect(await nextCallAt(db, limits(2), MIDNIGHT)).toBe(MIDNIGHT + 30_000 + MINUTE + 300)
})

test('take calls: the database refuses a slot without calls', async () => {
  const db = await freshDb()
  await expect(
    db.write([sql`INSERT INTO budgets (vendor, kind, starts_at, calls) VALUES ('massive', 'slot', 0, 0)`]),
  ).rejects.toThrow(/budgets_calls/)
  await expect(
    db.write([sql`INSERT INTO budgets (vendor, kind, starts_at, calls) VALUES ('massive', 'hour', 0, 1)`]),
  ).rejects.toThrow(/budgets_kind/)
})

const anyLimits = fc.record({
  perMinute: fc.integer({ min: 1, max: 6 }),
  perDay: fc.option(fc.integer({ min: 1, max: 20 }), { nil: null }),
})
const anyTakes = fc.array(
  fc.record({
    // Steps around a second, a minute, and the end of the day.
    pass: fc.oneof(
      fc.integer({ min: 0, max: 2_500 }),
      fc.integer({ min: 55_000, max: 65_000 }),
      fc.constantFrom(7 * 3_600_000, 12 * 3_600_000 - 5_000),
    ),
    calls: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 1, maxLength: 40 },
)

test('take calls: no sequence of calls puts more than the limit into any minute, or the cap into any day', async () => {
  const db = await freshDb()
  await fc.assert(
    fc.asyncProperty(anyLimits, anyTakes, async (most, takes) => {
      await db.write([sql`DELETE FROM budgets`])
      const terms = limits(most.perMinute, most.perDay)
      const granted: number[] = []
      let now = MIDNIGHT - 12 * 3_600_000 - 500
      for (const { pass, calls } of takes) {
        now += pass
        if (await takeCalls(db, terms, calls, now)) granted.push(...Array<number>(calls).fill(now))
      }
      for (const first of granted) {
        const window = granted.filter((at) => at >= first && at < first + MINUTE)
        expect(window.length).toBeLessThanOrEqual(most.perMinute)
        const day = granted.filter((at) => Math.floor(at / DAY) === Math.floor(first / DAY))
        expect(day.length).toBeLessThanOrEqual(most.perDay ?? Number.POSITIVE_INFINITY)
      }
      // No slot of a vendor is lost: what was granted is what is written down.
      const [row] = await db.all<{ calls: number | null }>(
        sql`SELECT sum(calls) AS calls FROM budgets WHERE kind = 'slot'`,
      )
      expect(row?.calls ?? 0).toBe(granted.length)
    }),
    { numRuns: 60 },
  )
})

test('take calls: the promised instant is the first at which a call is granted', async () => {
  const db = await freshDb()
  await fc.assert(
    fc.asyncProperty(anyLimits, anyTakes, fc.nat({ max: 90_000 }), async (most, takes, later) => {
      await db.write([sql`DELETE FROM budgets`])
      const terms = limits(most.perMinute, most.perDay)
      let now = MIDNIGHT - 12 * 3_600_000 - 500
      for (const { pass, calls } of takes) {
        now += pass
        await takeCalls(db, terms, calls, now)
      }
      now += later
      const free = (await nextCallAt(db, terms, now)) as number
      expect(free).toBeGreaterThanOrEqual(now)
      if (free > now) expect(await takeCalls(db, terms, 1, free - 1)).toBe(false)
      expect(await takeCalls(db, terms, 1, free)).toBe(true)
    }),
    { numRuns: 100 },
  )
})

test('take calls: calls of a day that a clock ran ahead to count for the day it was put back to', async () => {
  const db = await freshDb()
  expect(await takeCalls(db, limits(9, 4), 3, MIDNIGHT + 10 * MINUTE)).toBe(true)
  const back = MIDNIGHT - 3 * 3_600_000
  expect(await takeCalls(db, limits(9, 4), 1, back)).toBe(true)
  expect(await takeCalls(db, limits(9, 4), 1, back + 5 * MINUTE)).toBe(false)
})

describe('take calls: calls of lane today', () => {
  const today: Limits = { vendor: 'massive', perMinute: 5, perDay: null, isToday: true }
  const backfill: Limits = { vendor: 'massive', perMinute: 3, reserved: 2, perDay: null }

  it('come out of the share kept for it first: backfill has all of its own beside them', async () => {
    const db = await freshDb()
    expect(await takeCalls(db, today, 2, MIDNIGHT)).toBe(true)
    expect(await callsSpent(db, 'massive', MIDNIGHT)).toMatchObject({ minute: 2, today: 2 })
    expect(roomOf(backfill, await callsSpent(db, 'massive', MIDNIGHT))).toBe(3)
    expect(await takeCalls(db, backfill, 3, MIDNIGHT + 1_000)).toBe(true)
    expect(await takeCalls(db, backfill, 1, MIDNIGHT + 1_000)).toBe(false)
    expect(await takeCalls(db, today, 1, MIDNIGHT + 1_000)).toBe(false)
    // The calls of today leave the window first, and give backfill nothing.
    expect(await nextCallAt(db, backfill, MIDNIGHT + 1_000)).toBe(MIDNIGHT + 1_000 + MINUTE + 300)
    expect(await nextCallAt(db, today, MIDNIGHT + 1_000)).toBe(MIDNIGHT + MINUTE + 300)
  })

  it('beyond it come out of what backfill has left, and the minute never holds more than the vendor allows', async () => {
    const db = await freshDb()
    expect(await takeCalls(db, today, 4, MIDNIGHT)).toBe(true)
    expect(roomOf(backfill, await callsSpent(db, 'massive', MIDNIGHT))).toBe(1)
    expect(await takeCalls(db, backfill, 2, MIDNIGHT)).toBe(false)
    expect(await takeCalls(db, backfill, 1, MIDNIGHT)).toBe(true)
    expect(await takeCalls(db, today, 1, MIDNIGHT)).toBe(false)
  })

  it('are never refused for what backfill may not have, nor backfill given what is kept', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 20_000 })), { maxLength: 60 }),
        async (steps) => {
          const db = await freshDb()
          const granted: { at: number; isToday: boolean }[] = []
          let now = MIDNIGHT
          for (const [isToday, pause] of steps) {
            now += pause
            const lately = granted.filter(({ at }) => at > now - MINUTE)
            const taken = await takeCalls(db, isToday ? today : backfill, 1, now)
            if (taken) granted.push({ at: now, isToday })
            expect(lately.length + Number(taken)).toBeLessThanOrEqual(5)
            expect(lately.filter((one) => !one.isToday).length + Number(taken && !isToday)).toBeLessThanOrEqual(3)
            const free = (await nextCallAt(db, isToday ? today : backfill, now)) as number
            if (!taken) expect(free).toBeGreaterThan(now)
          }
        },
      ),
      { numRuns: 40 },
    )
  })
})
