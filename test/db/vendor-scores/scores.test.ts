import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Db, openDb } from '../../../db/client.ts'
import { migrateDb } from '../../../db/migrate.ts'
import { CALLS_TO_HALVE, listScores, recordScore, type ScoreUpdate } from '../../../db/vendor-scores/scores.ts'
import { HALF_LIFE_MS, leftAfter, leftOf, MOST_CELLS } from '../../../db/vendor-segments/half-life.ts'
import { DATASET, freshDb, NOW, tempFolder } from '../temp-db.ts'

const scoreUpdate = (asked: number, filled: number, ageBucket = 'week', liquidity = 'any'): ScoreUpdate => ({
  vendor: 'alpaca',
  dataset: DATASET,
  calls: 1,
  latencyMs: 120.5,
  segments: [{ ageBucket, liquidity, asked, filled }],
})

const segmentsOf = async (db: Db, now = NOW) => (await listScores(db, now))[0]?.segments

test('scores: results add up per vendor and dataset, and within it per segment', async () => {
  const db = await freshDb()
  await recordScore(db, scoreUpdate(10, 9), NOW)
  await recordScore(db, scoreUpdate(10, 9), NOW)
  await recordScore(db, scoreUpdate(5, 0, 'older', 'thin'), NOW)
  await recordScore(db, { ...scoreUpdate(1, 1), dataset: 'macro_treasury' }, NOW)
  expect(await listScores(db, NOW)).toEqual([
    {
      vendor: 'alpaca',
      dataset: DATASET,
      asked: 25,
      filled: 18,
      calls: 3,
      latencyMs: 361.5,
      segments: [
        { ageBucket: 'older', liquidity: 'thin', asked: 5, filled: 0 },
        { ageBucket: 'week', liquidity: 'any', asked: 20, filled: 18 },
      ],
    },
    {
      vendor: 'alpaca',
      dataset: 'macro_treasury',
      asked: 1,
      filled: 1,
      calls: 1,
      latencyMs: 120.5,
      segments: [{ ageBucket: 'week', liquidity: 'any', asked: 1, filled: 1 }],
    },
  ])
})

test('scores: a call that answered nothing counts as a call', async () => {
  const db = await freshDb()
  await recordScore(db, { ...scoreUpdate(0, 0), segments: [] }, NOW)
  await recordScore(db, scoreUpdate(0, 0), NOW)
  expect(await listScores(db, NOW)).toMatchObject([{ asked: 0, filled: 0, calls: 2, segments: [] }])
})

test('scores: a cell counts half as much after each half-life, whether or not something was learned in between', async () => {
  const db = await freshDb()
  await recordScore(db, scoreUpdate(100, 40), NOW)
  expect(await segmentsOf(db, NOW + HALF_LIFE_MS)).toMatchObject([{ asked: 50, filled: 20 }])
  expect(await segmentsOf(db, NOW + 3 * HALF_LIFE_MS)).toMatchObject([{ asked: 12.5, filled: 5 }])
  await recordScore(db, scoreUpdate(10, 10), NOW + HALF_LIFE_MS)
  expect(await segmentsOf(db, NOW + HALF_LIFE_MS)).toMatchObject([{ asked: 60, filled: 30 }])
})

test('scores: learned often or at once, what is left of a cell is nearly the same', async () => {
  const db = await freshDb()
  await recordScore(db, scoreUpdate(100, 100), NOW)
  for (let step = 1; step <= 50; step++)
    await recordScore(db, scoreUpdate(0.001, 0.001), NOW + (step * HALF_LIFE_MS) / 25)
  const [segment] = (await segmentsOf(db, NOW + 2 * HALF_LIFE_MS))!
  expect(segment!.asked).toBeGreaterThan(24)
  expect(segment!.asked).toBeLessThan(27)
})

test('scores: a clock that was set back takes nothing from what was seen', async () => {
  const db = await freshDb()
  await recordScore(db, scoreUpdate(100, 40), NOW)
  expect(await segmentsOf(db, NOW - HALF_LIFE_MS)).toMatchObject([{ asked: 100, filled: 40 }])
  await recordScore(db, scoreUpdate(10, 10), NOW - HALF_LIFE_MS)
  expect(await segmentsOf(db, NOW - HALF_LIFE_MS)).toMatchObject([{ asked: 110, filled: 50 }])
})

test('scores: a segment never counts for more than MOST_CELLS cells, and the newest displace the oldest', async () => {
  const db = await freshDb()
  await recordScore(db, scoreUpdate(5_000_000, 0), NOW)
  expect(await segmentsOf(db)).toMatchObject([{ asked: MOST_CELLS, filled: 0 }])
  await recordScore(db, scoreUpdate(MOST_CELLS, MOST_CELLS), NOW)
  expect(await segmentsOf(db)).toMatchObject([{ asked: MOST_CELLS, filled: MOST_CELLS / 2 }])
})

test('scores: once there are many calls the oldest lose weight too, and cells per call stays what it was', async () => {
  const db = await freshDb()
  for (let call = 0; call < CALLS_TO_HALVE; call++) await recordScore(db, scoreUpdate(10, 5), NOW)
  const [score] = await listScores(db, NOW)
  expect(score).toMatchObject({ calls: CALLS_TO_HALVE / 2, asked: 5 * CALLS_TO_HALVE, filled: 2.5 * CALLS_TO_HALVE })
  expect(score!.latencyMs / score!.calls).toBeCloseTo(120.5)
})

test('scores: in any order of results, no segment has more filled than asked, nor more than MOST_CELLS cells', async () => {
  const db = await freshDb()
  const anyUpdate = fc
    .record({
      asked: fc.oneof(fc.nat({ max: 50 }), fc.nat({ max: 60_000 })),
      missed: fc.nat({ max: 60_000 }),
      ageBucket: fc.constantFrom('week', 'older'),
      after: fc.oneof(fc.integer({ min: -HALF_LIFE_MS, max: HALF_LIFE_MS }), fc.constant(500 * HALF_LIFE_MS)),
    })
    .map((one) => ({ ...one, filled: Math.max(0, one.asked - one.missed) }))
  await fc.assert(
    fc.asyncProperty(fc.array(anyUpdate, { minLength: 1, maxLength: 12 }), async (scoreUpdates) => {
      await db.write([sql`DELETE FROM vendor_segments`])
      let now = NOW
      for (const { asked, filled, ageBucket, after } of scoreUpdates) {
        now += after
        await recordScore(db, scoreUpdate(asked, filled, ageBucket), now)
        for (const segment of (await segmentsOf(db, now))!) {
          expect(segment.asked).toBeLessThanOrEqual(MOST_CELLS + 1e-9)
          expect(segment.filled).toBeLessThanOrEqual(segment.asked)
          expect(segment.filled).toBeGreaterThanOrEqual(0)
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('scores: the database and the reader fade alike, close to a half a half-life', async () => {
  const db = await freshDb()
  const anyAge = fc.integer({ min: -HALF_LIFE_MS, max: 20 * HALF_LIFE_MS })
  await fc.assert(
    fc.asyncProperty(anyAge, async (age) => {
      const [row] = await db.all<{ left: number }>(sql`SELECT ${leftOf(sql`${NOW - age}`, NOW)} AS left`)
      expect(row!.left).toBeCloseTo(leftAfter(age), 12)
      expect(leftAfter(age) / 2 ** (-Math.max(0, age) / HALF_LIFE_MS)).toBeCloseTo(1, 2)
    }),
    { numRuns: 200 },
  )
})

/** Number of the migration that creates the table of segments. */
const ADDS_SEGMENTS = '0007'

test('scores: a database from before segments existed keeps its results as one segment', async () => {
  const folder = await tempFolder()
  const before = join(folder, 'migrations')
  await cp('migrations', before, { recursive: true })
  const journalFile = join(before, 'meta', '_journal.json')
  const journal = JSON.parse(await readFile(journalFile, 'utf8')) as { entries: { tag: string }[] }
  const older = journal.entries.filter(({ tag }) => tag < ADDS_SEGMENTS)
  expect(older.length).toBeGreaterThan(0)
  expect(older.length).toBeLessThan(journal.entries.length)
  await writeFile(journalFile, JSON.stringify({ ...journal, entries: older }))
  const db = await openDb(join(folder, 'node.db'))
  try {
    await migrateDb(db, before)
    await db.write([
      sql`INSERT INTO vendor_scores (vendor, dataset, asked, filled, calls, latency_ms)
          VALUES ('alpaca', ${DATASET}, 4000, 3000, 7, 2800.5), ('fred', 'macro_treasury', 40, 39, 1, 90), ('massive', ${DATASET}, 0, 0, 3, 900)`,
      sql`INSERT INTO vendor_tallies VALUES ('alpaca', ${DATASET}, ${NOW}, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0)`,
    ])
    await migrateDb(db, 'migrations')
    const any = { ageBucket: 'any', liquidity: 'any' }
    expect(await listScores(db, NOW)).toMatchObject([
      { asked: 4000, filled: 3000, calls: 7, latencyMs: 2800.5, segments: [{ ...any, asked: 1000, filled: 750 }] },
      { vendor: 'fred', segments: [{ ...any, asked: 40, filled: 39 }] },
      { vendor: 'massive', calls: 3, segments: [] },
    ])
  } finally {
    db.close()
  }
})
