import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { dueAbsences, explainAbsences, listAbsences } from '../../db/absences/absences.ts'
import { recentRowCounts } from '../../db/attempts/recent-row-counts.ts'
import { takeCalls } from '../../db/budgets/take-calls.ts'
import { blockVendor, closeCircuit, countFailure, listCircuits } from '../../db/circuits/circuits.ts'
import { evidenceMonths, rebuildCoverage } from '../../db/coverage/rebuild-coverage.ts'
import { demote, listDemotions } from '../../db/demotions/demotions.ts'
import { listExports, recordExport } from '../../db/exports/exports.ts'
import { prune } from '../../db/gap-tasks/prune.ts'
import { beginTick, endTick, openTicks } from '../../db/ticks/ticks.ts'
import { claimed, DATASET, freshDb, NOW, settle, settlement, snapshot, tasksIn } from '../db/temp-db.ts'

const DAY = 86_400_000

test('small tables: failures in a row are counted until the vendor answers', async () => {
  const db = await freshDb()
  expect(await countFailure(db, 'alpaca', 'reset')).toBe(1)
  expect(await countFailure(db, 'alpaca', 'reset again')).toBe(2)
  expect(await countFailure(db, 'massive', 'reset')).toBe(1)
  await closeCircuit(db, 'alpaca')
  expect(await countFailure(db, 'alpaca', 'reset')).toBe(1)
})

test('small tables: a block is never shortened, and an answer does not lift it', async () => {
  const db = await freshDb()
  await blockVendor(db, 'alpaca', NOW + 1_000, 'asked for it')
  await blockVendor(db, 'alpaca', NOW + 500, 'later thought')
  await closeCircuit(db, 'alpaca')
  expect(await listCircuits(db)).toEqual([
    { vendor: 'alpaca', failures: 0, blockedUntil: NOW + 1_000, why: 'later thought' },
  ])
})

test('small tables: a second refusal of a kind widens the first and lasts longer; another kind stands beside it', async () => {
  const db = await freshDb()
  const refusal = { vendor: 'massive', dataset: DATASET, symbol: '*', outcome: 'before_history' }
  await demote(db, [])
  await demote(db, [{ ...refusal, fromDt: '2020-01-01', toDt: '2021-01-01', until: NOW + 10 }])
  await demote(db, [{ ...refusal, fromDt: '2020-06-01', toDt: '2022-01-01', until: NOW + 5 }])
  await demote(db, [
    { ...refusal, outcome: 'not_entitled', fromDt: '0000-01-01', toDt: '9999-12-31', until: NOW + 1 },
    { ...refusal, dataset: 'macro_treasury', fromDt: '2020-01-01', toDt: '2021-01-01', until: NOW + 10 },
  ])
  const wide = { ...refusal, fromDt: '2020-01-01', toDt: '2022-01-01', until: NOW + 10 }
  expect(await listDemotions(db, DATASET, NOW + 1)).toEqual([wide])
  expect(await listDemotions(db, DATASET, NOW)).toHaveLength(2)
  expect(await listDemotions(db, DATASET, NOW + 10)).toEqual([])
})

test('small tables: an absence is looked at again when its time has come, oldest day first', async () => {
  const db = await freshDb()
  const absence = (symbol: string, dt: string, recheckAt: number | null) => ({
    symbol,
    dt,
    reason: 'TOO_RECENT',
    recheckAt,
  })
  await explainAbsences(db, DATASET, [], NOW)
  await explainAbsences(
    db,
    DATASET,
    [absence('B', '2024-07-02', NOW), absence('A', '2024-07-02', NOW), absence('C', '2024-07-01', NOW)],
    NOW,
  )
  await explainAbsences(db, DATASET, [absence('D', '2024-07-01', null), absence('E', '2024-07-01', NOW + 1)], NOW)
  expect((await dueAbsences(db, DATASET, NOW, 10)).map(({ symbol }) => symbol)).toEqual(['C', 'A', 'B'])
  expect(await dueAbsences(db, DATASET, NOW, 1)).toHaveLength(1)
  expect(await listAbsences(db, DATASET, '2024-07-01', '2024-07-01')).toHaveLength(3)
  const plan = await db.all<{ detail: string }>(
    sql`EXPLAIN QUERY PLAN SELECT symbol, dt, reason FROM absences
        WHERE dataset = ${DATASET} AND recheck_at <= ${NOW} AND dt >= '' ORDER BY dt, symbol LIMIT 10`,
  )
  expect(plan.map(({ detail }) => detail)).toEqual(['SEARCH absences USING INDEX absences_due (dataset=? AND dt>?)'])
})

test('small tables: an absence explained again the same way keeps the time of its decision', async () => {
  const db = await freshDb()
  const absence = { symbol: 'A', dt: '2024-07-02', reason: 'TOO_RECENT', recheckAt: NOW + 1 }
  await explainAbsences(db, DATASET, [absence], NOW)
  const before = await snapshot(db)
  await explainAbsences(db, DATASET, [absence], NOW + 500)
  expect(await snapshot(db)).toEqual(before)
  await explainAbsences(db, DATASET, [{ ...absence, recheckAt: NOW + 2 }], NOW + 500)
  expect(await listAbsences(db, DATASET, '2024-07-02', '2024-07-02')).toMatchObject([{ recheckAt: NOW + 2 }])
})

test('small tables: an equal bundle keeps the time it was made, another replaces it', async () => {
  const db = await freshDb()
  const made = { asof: '2024-07-05', madeAt: NOW, digest: 'one', files: 3, bytes: 100 }
  await recordExport(db, made)
  await recordExport(db, { ...made, madeAt: NOW + 1 })
  expect(await listExports(db)).toEqual([made])
  await recordExport(db, { ...made, madeAt: NOW + 2, digest: 'two', bytes: 120 })
  expect(await listExports(db)).toEqual([{ ...made, madeAt: NOW + 2, digest: 'two', bytes: 120 }])
})

test('small tables: pruning forgets old finished tasks, spent slots and ended firings, and nothing else', async () => {
  const db = await freshDb()
  const done = await claimed(db, 'AAPL', '2024-07-01', 't1')
  await settle(db, 't1', [settlement(done, 'AAPL', '2024-07-01')])
  await claimed(db, 'MSFT', '2024-07-01', 't2')
  const limits = { vendor: 'alpaca', perMinute: 10, perDay: 100 }
  await takeCalls(db, limits, 1, NOW)
  const ended = (await beginTick(db, 'night', NOW, NOW))!
  await endTick(db, ended, '[]', NOW)
  await beginTick(db, 'night', NOW + 1, NOW)

  const before = await snapshot(db)
  expect(await prune(db, NOW + DAY)).toEqual({ removed: 0, more: false })
  expect(await snapshot(db)).toEqual(before)

  const later = NOW + 100 * DAY
  await takeCalls(db, limits, 1, later)
  expect(await prune(db, later)).toEqual({ removed: 4, more: false })
  expect((await tasksIn(db)).map(({ symbol }) => symbol)).toEqual(['MSFT'])
  expect(await openTicks(db)).toHaveLength(1)
  const after = await snapshot(db)
  expect(after.budgets).toHaveLength(2)
  for (const kept of ['attempts', 'coverage', 'bookmarks', 'partitions', 'leases'])
    expect(after[kept]).toEqual(before[kept])
})

test('small tables: pruning stays short and says that there is more', async () => {
  const db = await freshDb()
  await db.write([
    sql`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20001)
        INSERT INTO gap_tasks (dataset, symbol, dt, lane, priority, reason, state, attempts, next_at, created_at, updated_at, done_at)
        SELECT ${DATASET}, 'S' || i, '2024-07-01', 'backfill', 0, 'missing', 'done', 1, 0, 0, 0, 0 FROM n`,
  ])
  expect(await prune(db, NOW)).toEqual({ removed: 20_000, more: true })
  expect(await prune(db, NOW)).toEqual({ removed: 1, more: false })
})

test('small tables: the rows a symbol usually has are the mean of its newest answers of that vendor, empty ones left out', async () => {
  const db = await freshDb()
  const answers = [
    ['AAPL', '2024-06-03', 'alpaca', 9_000],
    ...[400, 410, 420, 430, 440].map((rows, at) => ['AAPL', `2024-06-1${at}`, 'alpaca', rows]),
    ['AAPL', '2024-06-20', 'alpaca', 0],
    ['AAPL', '2024-06-21', 'massive', 700],
    ['KO', '2024-06-20', 'alpaca', 0],
  ]
  for (const [symbol, dt, vendor, rows] of answers) {
    await db.write([
      sql`INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, at, ask_again_at)
          VALUES (${DATASET}, ${symbol}, ${dt}, ${vendor}, 1, 'filled', ${rows}, ${NOW}, 0)`,
    ])
  }
  for (const told of await evidenceMonths(db, DATASET)) await rebuildCoverage(db, DATASET, told, () => [], NOW)
  expect(await recentRowCounts(db, DATASET, 'alpaca', ['AAPL', 'KO', 'NEW'])).toEqual(new Map([['AAPL', 420]]))
  expect(await recentRowCounts(db, DATASET, 'alpaca', [])).toEqual(new Map())
})
