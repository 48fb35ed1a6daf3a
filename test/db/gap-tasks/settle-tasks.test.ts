import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { listAbsences } from '../../../db/absences/absences.ts'
import { listAttempts } from '../../../db/attempts/list-attempts.ts'
import { newestBookmark } from '../../../db/bookmarks/newest-bookmark.ts'
import { listCoverage } from '../../../db/coverage/list-coverage.ts'
import { enqueueTasks } from '../../../db/gap-tasks/enqueue-tasks.ts'
import { reapAllLeases, reapLeases } from '../../../db/gap-tasks/reap-leases.ts'
import { releaseLease } from '../../../db/leases/release-leases.ts'
import { renewLease } from '../../../db/leases/renew-lease.ts'
import {
  claim,
  claimed,
  DATASET,
  freshDb,
  NOTHING_THERE,
  NOW,
  newTask,
  settle,
  settlement,
  snapshot,
  tasksIn,
} from '../temp-db.ts'

const DT = '2024-07-03'

test('settle tasks: one settlement writes evidence, coverage, bookmark, partition and task, and ends the lease', async () => {
  const db = await freshDb()
  const id = await claimed(db, 'AAPL', DT, 't1')
  expect(await settle(db, 't1', [settlement(id, 'AAPL', DT, { rows: 7, digest: 'd7' })])).toBe(1)
  const after = await snapshot(db)
  expect(after.attempts).toEqual([
    expect.objectContaining({
      symbol: 'AAPL',
      dt: DT,
      vendor: 'alpaca',
      count: 1,
      outcome: 'filled',
      rows: 7,
      digest: 'd7',
    }),
  ])
  expect(after.coverage).toEqual([
    { dataset: DATASET, symbol: 'AAPL', month: '2024-07', present: 4, short: 0, absent: 0, held: 0 },
  ])
  expect(after.bookmarks).toEqual([{ vendor: 'alpaca', dataset: DATASET, symbol: 'AAPL', last_dt: DT }])
  expect(after.partitions).toEqual([expect.objectContaining({ partition: '2024', version: 1, touched_at: NOW })])
  expect(after.gap_tasks).toEqual([expect.objectContaining({ state: 'done', last_outcome: 'filled', attempts: 1 })])
  expect(after.leases).toEqual([])
  expect(after.absences).toEqual([])
})

test('settle tasks: a lapsed lease passes on and the first holder can no longer settle', async () => {
  const db = await freshDb()
  const id = await claimed(db, 'AAPL', DT, 'first')
  expect(await reapLeases(db, 12, NOW + 59_999)).toBe(0)
  expect(await reapLeases(db, 12, NOW + 60_000)).toBe(1)
  expect(await claim(db, [id], 'second', { now: NOW + 60_000 })).toEqual(new Set([id]))
  const before = await snapshot(db)
  expect(await settle(db, 'first', [settlement(id, 'AAPL', DT)])).toBe(0)
  expect(await snapshot(db)).toEqual(before)
  const absent = { ...NOTHING_THERE, outcome: 'empty', absence: 'VENDORS_AGREE_EMPTY' } as const
  expect(await settle(db, 'first', [settlement(id, 'AAPL', DT, absent)])).toBe(0)
  expect(await snapshot(db)).toEqual(before)
  expect(await settle(db, 'second', [settlement(id, 'AAPL', DT)])).toBe(1)
  expect((await tasksIn(db))[0]).toMatchObject({ state: 'done', attempts: 2 })
})

test('settle tasks: a holder that lost its lease to the queue can no longer settle either', async () => {
  const db = await freshDb()
  const id = await claimed(db, 'AAPL', DT, 'first')
  await reapLeases(db, 12, NOW + 60_000)
  const before = await snapshot(db)
  expect(await settle(db, 'first', [settlement(id, 'AAPL', DT)])).toBe(0)
  expect(await snapshot(db)).toEqual(before)
})

test('settle tasks: of a call whose leases passed on in part, only the part still held is settled', async () => {
  const db = await freshDb()
  const mine = await claimed(db, 'AAPL', DT, 't1')
  const lost = await claimed(db, 'MSFT', DT, 't2')
  expect(await settle(db, 't1', [settlement(mine, 'AAPL', DT), settlement(lost, 'MSFT', DT)])).toBe(1)
  expect((await tasksIn(db)).map(({ symbol, state }) => [symbol, state])).toEqual([
    ['AAPL', 'done'],
    ['MSFT', 'leased'],
  ])
  expect((await listCoverage(db, DATASET, '2024-07', '2024-07')).map(({ symbol }) => symbol)).toEqual(['AAPL'])
  expect(await db.all(sql`SELECT token FROM leases`)).toEqual([{ token: 't2' }])
})

test('settle tasks: a lease ends with the last of its tasks, and whoever is leased its number next has nothing of it', async () => {
  const db = await freshDb()
  await enqueueTasks(
    db,
    DATASET,
    ['A', 'B', 'C'].map((symbol) => newTask(symbol, DT)),
    NOW,
  )
  const leases = () => db.all(sql`SELECT id, token FROM leases`)
  await claim(db, [1, 2], 'first')
  expect(await settle(db, 'first', [settlement(1, 'A', DT)])).toBe(1)
  expect(await leases()).toEqual([{ id: 1, token: 'first' }])
  expect(
    await settle(db, 'first', [settlement(2, 'B', DT, { ...NOTHING_THERE, outcome: 'empty', state: 'queued' })]),
  ).toBe(1)
  expect(await leases()).toEqual([])
  await claim(db, [2, 3], 'second')
  expect(await leases()).toEqual([{ id: 1, token: 'second' }])
  const before = await snapshot(db)
  expect(await settle(db, 'first', [settlement(2, 'B', DT)])).toBe(0)
  expect(await renewLease(db, 'first', NOW + 90_000)).toBe(false)
  expect(await releaseLease(db, 'first', NOW)).toBe(0)
  expect(await snapshot(db)).toEqual(before)
})

test('settle tasks: a settlement repeated by a holder that did not hear the first answer changes nothing', async () => {
  const db = await freshDb()
  const id = await claimed(db, 'AAPL', DT, 't1')
  await settle(db, 't1', [settlement(id, 'AAPL', DT)])
  const before = await snapshot(db)
  expect(await settle(db, 't1', [settlement(id, 'AAPL', DT)])).toBe(0)
  expect(await snapshot(db)).toEqual(before)
})

test('settle tasks: an attempt counts from the claim on and is given back for a snooze', async () => {
  const db = await freshDb()
  const id = await claimed(db, 'AAPL', DT, 't1')
  expect((await tasksIn(db))[0]?.attempts).toBe(1)
  const snooze = {
    ...NOTHING_THERE,
    outcome: 'rate_limited',
    state: 'queued',
    countsAsAttempt: 0,
    nextAt: NOW + 5,
  } as const
  await settle(db, 't1', [settlement(id, 'AAPL', DT, snooze)])
  expect((await tasksIn(db))[0]).toMatchObject({ state: 'queued', attempts: 0, nextAt: NOW + 5 })
  expect((await listAttempts(db, DATASET, [{ symbol: 'AAPL', dt: DT }]))[0]).toMatchObject({ count: 0 })
  await claim(db, [id], 't2')
  const burnt = { ...NOTHING_THERE, outcome: 'unavailable', state: 'queued', countsAsAttempt: 1 } as const
  await settle(db, 't2', [settlement(id, 'AAPL', DT, burnt)])
  expect((await tasksIn(db))[0]).toMatchObject({ state: 'queued', attempts: 1 })
  expect((await listAttempts(db, DATASET, [{ symbol: 'AAPL', dt: DT }]))[0]).toMatchObject({ count: 1 })
})

test('settle tasks: reaping parks a task that has used up its attempts and gives the others back', async () => {
  const db = await freshDb()
  const id = await claimed(db, 'AAPL', DT, 't0')
  for (let attempt = 1; attempt < 3; attempt++) {
    expect(await reapLeases(db, 3, NOW + 60_000)).toBe(1)
    expect((await tasksIn(db))[0]).toMatchObject({ state: 'queued', attempts: attempt, lastOutcome: 'abandoned' })
    await claim(db, [id], `t${attempt}`)
  }
  expect(await reapLeases(db, 3, NOW + 60_000)).toBe(1)
  expect((await tasksIn(db))[0]).toMatchObject({ state: 'stalled', attempts: 3 })
  expect(await listAbsences(db, DATASET, DT, DT)).toEqual([
    { symbol: 'AAPL', dt: DT, reason: 'GIVEN_UP', recheckAt: expect.any(Number) },
  ])
  expect(await reapLeases(db, 3, NOW + 60_000)).toBe(0)
  expect(await db.all(sql`SELECT * FROM leases`)).toEqual([])
})

test('settle tasks: a cell with rows whose second opinion is given up is not called absent', async () => {
  const db = await freshDb()
  const first = await claimed(db, 'AAPL', DT, 't1')
  await settle(db, 't1', [settlement(first, 'AAPL', DT)])
  await claimed(db, 'AAPL', DT, 't2', 'massive')
  expect(await reapLeases(db, 1, NOW + 60_000)).toBe(1)
  expect((await tasksIn(db)).map(({ state }) => state)).toEqual(['done', 'stalled'])
  expect(await listAbsences(db, DATASET, DT, DT)).toEqual([])
})

test('settle tasks: a start gives all leases back, lapsed or not', async () => {
  const db = await freshDb()
  await claimed(db, 'AAPL', DT, 't1')
  await claimed(db, 'MSFT', DT, 't2')
  expect(await reapAllLeases(db, 12, NOW)).toBe(2)
  expect((await tasksIn(db)).map(({ state }) => state)).toEqual(['queued', 'queued'])
  expect(await reapAllLeases(db, 12, NOW)).toBe(0)
})

test('settle tasks: an absence is recorded with its reason, and forgotten when the cell is filled', async () => {
  const db = await freshDb()
  const first = await claimed(db, 'AAPL', DT, 't1')
  const empty = { ...NOTHING_THERE, outcome: 'empty', absence: 'VENDOR_EMPTY_ONCE', recheckAt: NOW + 9 } as const
  await settle(db, 't1', [settlement(first, 'AAPL', DT, empty)])
  expect(await listAbsences(db, DATASET, DT, DT)).toEqual([
    { symbol: 'AAPL', dt: DT, reason: 'VENDOR_EMPTY_ONCE', recheckAt: NOW + 9 },
  ])
  expect((await snapshot(db)).coverage).toEqual([expect.objectContaining({ present: 0, absent: 4 })])
  const second = await claimed(db, 'AAPL', DT, 't2', 'massive')
  await settle(db, 't2', [settlement(second, 'AAPL', DT)], { vendor: 'massive' })
  expect(await listAbsences(db, DATASET, DT, DT)).toEqual([])
  expect((await snapshot(db)).coverage).toEqual([expect.objectContaining({ present: 4, absent: 0 })])
})

test('settle tasks: a cell that waits is explained but stays a gap', async () => {
  const db = await freshDb()
  const id = await claimed(db, 'AAPL', DT, 't1')
  const waits = {
    ...NOTHING_THERE,
    outcome: 'too_recent',
    absence: 'TOO_RECENT',
    state: 'queued',
    countsAsAttempt: 0,
  } as const
  await settle(db, 't1', [settlement(id, 'AAPL', DT, waits)])
  expect(await listAbsences(db, DATASET, DT, DT)).toHaveLength(1)
  expect((await snapshot(db)).coverage).toEqual([expect.objectContaining({ present: 0, absent: 0 })])
})

test.each(['done', 'queued', 'stalled'] as const)(
  'settle tasks: an absence is never recorded for a cell that is present (%s)',
  async (state) => {
    const db = await freshDb()
    const first = await claimed(db, 'AAPL', DT, 't1')
    await settle(db, 't1', [settlement(first, 'AAPL', DT)])
    const second = await claimed(db, 'AAPL', DT, 't2', 'massive')
    const empty = { ...NOTHING_THERE, outcome: 'empty', absence: 'VENDOR_EMPTY_ONCE', state } as const
    expect(await settle(db, 't2', [settlement(second, 'AAPL', DT, empty)], { vendor: 'massive' })).toBe(1)
    expect(await listAbsences(db, DATASET, DT, DT)).toEqual([])
    expect((await snapshot(db)).coverage).toEqual([expect.objectContaining({ present: 4, absent: 0 })])
  },
)

test('settle tasks: a short cell is present; a whole version of another vendor ends its being short', async () => {
  const db = await freshDb()
  const first = await claimed(db, 'UST', DT, 't1', 'fred')
  await settle(db, 't1', [settlement(first, 'UST', DT, { outcome: 'short', short: 1 })], { vendor: 'fred' })
  expect((await snapshot(db)).coverage).toEqual([expect.objectContaining({ present: 4, short: 4 })])
  const second = await claimed(db, 'UST', DT, 't2')
  await settle(db, 't2', [settlement(second, 'UST', DT)])
  expect((await snapshot(db)).coverage).toEqual([expect.objectContaining({ present: 4, short: 0 })])
})

test('settle tasks: many cells of a month become one row of masks, and touch their partition once', async () => {
  const db = await freshDb()
  const dts = ['2024-07-01', '2024-07-02', '2024-07-31', '2024-08-01']
  await enqueueTasks(
    db,
    DATASET,
    dts.map((dt) => newTask('AAPL', dt)),
    NOW,
  )
  const ids = (await tasksIn(db)).map(({ id }) => id)
  await claim(db, ids, 't1')
  const rows = dts.map((dt, i) => settlement(ids[i] as number, 'AAPL', dt))
  rows[1] = settlement(ids[1] as number, 'AAPL', '2024-07-02', {
    ...NOTHING_THERE,
    outcome: 'empty',
    absence: 'NO_TRADES',
  })
  expect(await settle(db, 't1', rows)).toBe(4)
  expect(await listCoverage(db, DATASET, '2024-01', '2024-12')).toEqual([
    { symbol: 'AAPL', month: '2024-07', present: 1 + 2 ** 30, short: 0, absent: 2, held: 0 },
    { symbol: 'AAPL', month: '2024-08', present: 1, short: 0, absent: 0, held: 0 },
  ])
  expect(await newestBookmark(db, DATASET)).toBe('2024-08-01')
  expect((await snapshot(db)).partitions).toEqual([expect.objectContaining({ partition: '2024', version: 1 })])
})

test('settle tasks: a bookmark never moves back', async () => {
  const db = await freshDb()
  for (const [i, dt] of ['2024-07-03', '2024-07-01'].entries()) {
    const id = await claimed(db, 'AAPL', dt, `t${i}`)
    await settle(db, `t${i}`, [settlement(id, 'AAPL', dt)])
  }
  expect(await newestBookmark(db, DATASET)).toBe('2024-07-03')
})

test('settle tasks: evidence of rows is not forgotten for a later answer without any', async () => {
  const db = await freshDb()
  const first = await claimed(db, 'AAPL', DT, 't1')
  await settle(db, 't1', [settlement(first, 'AAPL', DT)])
  const second = await claimed(db, 'AAPL', DT, 't2')
  await settle(db, 't2', [settlement(second, 'AAPL', DT, { ...NOTHING_THERE, outcome: 'unavailable' })])
  expect(await listAttempts(db, DATASET, [{ symbol: 'AAPL', dt: DT }])).toMatchObject([
    { outcome: 'filled', digest: `digest of AAPL ${DT}` },
  ])
})

test('settle tasks: the refusal of a version is kept for the same rows and dropped for new ones', async () => {
  const db = await freshDb()
  const refused = async () => (await listAttempts(db, DATASET, [{ symbol: 'AAPL', dt: DT }]))[0]?.refusedFor
  const settleAgain = async (token: string, digest: string) => {
    const id = await claimed(db, 'AAPL', DT, token)
    await settle(db, token, [settlement(id, 'AAPL', DT, { digest })])
  }
  await settleAgain('t1', 'd1')
  await db.write([sql`UPDATE attempts SET refused_for = 'OHLC_ORDER'`])
  await settleAgain('t2', 'd1')
  expect(await refused()).toBe('OHLC_ORDER')
  await settleAgain('t3', 'd2')
  expect(await refused()).toBeNull()
})

test.each([
  ['present and absent at once', sql`UPDATE coverage SET absent = present`],
  ['short without rows', sql`UPDATE coverage SET short = 8`],
  ['held without rows', sql`UPDATE coverage SET held = 8`],
])('settle tasks: the database refuses a cell that is %s', async (_what, statement) => {
  const db = await freshDb()
  const id = await claimed(db, 'AAPL', DT, 't1')
  await settle(db, 't1', [settlement(id, 'AAPL', DT)])
  await expect(db.write([statement])).rejects.toThrow(/coverage_/)
})
