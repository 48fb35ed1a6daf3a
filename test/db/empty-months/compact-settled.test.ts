import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { listAbsences } from '../../../db/absences/absences.ts'
import { findAbsence } from '../../../db/absences/find-absence.ts'
import { tallyReasons } from '../../../db/absences/tally-reasons.ts'
import { anyAttempt } from '../../../db/attempts/any-attempt.ts'
import { lastAnswers } from '../../../db/attempts/last-answers.ts'
import { listAttempts } from '../../../db/attempts/list-attempts.ts'
import { listCellAttempts } from '../../../db/attempts/list-cell-attempts.ts'
import { resetRetry } from '../../../db/attempts/reset-retry.ts'
import type { Db } from '../../../db/client.ts'
import { claimTasks } from '../../../db/gap-tasks/claim-tasks.ts'
import { enqueueMonths } from '../../../db/gap-tasks/enqueue-months.ts'
import { enqueueTasks } from '../../../db/gap-tasks/enqueue-tasks.ts'
import { findHead } from '../../../db/gap-tasks/find-head.ts'
import { reapLeases } from '../../../db/gap-tasks/reap-leases.ts'
import type { Settlement } from '../../../db/gap-tasks/settlement.ts'
import { invalidateCells } from '../../../db/manifests/invalidate-cells.ts'
import { dayBit, dtsOfMask } from '../../../functions/_market/dt.ts'
import { NEVER } from '../filled-settlement.ts'
import {
  claim,
  DATASET,
  dyingAfter,
  explaining,
  freshDb,
  NOTHING_THERE,
  NOW,
  newTask,
  reachOf,
  settle,
  settlement,
  snapshot,
  tasksIn,
} from '../temp-db.ts'
import { NONE, noneUntil } from './says-none.ts'

const JULY = '2024-07'
const DT = '2024-07-03'
const DAYS = ['2024-07-01', '2024-07-02', DT, '2024-07-05', '2024-07-31']
const MASK = DAYS.reduce((mask, dt) => mask + dayBit(dt), 0)

const monthOf = async (db: Db, days = MASK): Promise<number> => {
  const dts = dtsOfMask(JULY, days)
  const one = { symbol: 'AAPL', dt: dts[0]!, days, cells: dts.length, expectedRows: null }
  return await enqueueMonths(db, { dataset: DATASET, priority: 0, newestFirst: false }, [one], NOW)
}

/** A vendor is asked for the month as one task, and says the same of each day. */
async function answeredMonth(db: Db, says: Partial<Settlement> = NONE): Promise<void> {
  await monthOf(db)
  const head = (await findHead(db, reachOf('alpaca')))!
  await claimTasks(db, {
    ids: [],
    parts: [{ id: head.id, dt: head.dt, days: head.days!, wanted: head.days! }],
    vendor: 'alpaca',
    token: 'month',
    holder: 'test',
    now: NOW,
    leaseExpiresAt: NOW + 60_000,
  })
  await settle(
    db,
    'month',
    DAYS.map((dt) => settlement(head.id, 'AAPL', dt, says)),
  )
}

let tokens = 0
/** A vendor is asked for one day, whatever it said before. */
async function answered(db: Db, vendor: string, dt: string, says: Partial<Settlement>, now = NOW): Promise<void> {
  await enqueueTasks(db, DATASET, [newTask('AAPL', dt, { vendor })], NOW)
  const task = (await tasksIn(db)).find((one) => one.dt === dt && one.state === 'queued')!
  const token = `again ${++tokens}`
  await claim(db, [task.id], token, { vendor })
  expect(await settle(db, token, [settlement(task.id, 'AAPL', dt, says)], { vendor, now })).toBe(1)
}

const months = (db: Db) =>
  db.all(
    sql`SELECT vendor, month, days, first_at AS firstAt, last_at AS lastAt FROM empty_months ORDER BY vendor, month`,
  )
const rowsOf = async (db: Db) => {
  const { attempts, absences } = await snapshot(db)
  return { attempts: attempts!.length, absences: absences!.length }
}
const cell = [{ symbol: 'AAPL', dt: DT }]

test('empty months: a list that says none for a month leaves one row, and every reader tells of its days as of rows', async () => {
  const db = await freshDb()
  await answeredMonth(db)
  expect(await months(db)).toEqual([{ vendor: 'alpaca', month: JULY, days: MASK, firstAt: NOW, lastAt: NOW }])
  expect(await rowsOf(db)).toEqual({ attempts: 0, absences: 0 })
  expect((await snapshot(db)).coverage).toEqual([expect.objectContaining({ present: 0, absent: MASK })])
  expect(await anyAttempt(db)).toBe(true)
  expect(await findAbsence(db, DATASET, 'AAPL', DT)).toEqual({
    reason: 'SOURCE_SAYS_NONE',
    decidedAt: NOW,
    recheckAt: null,
  })
  expect(await findAbsence(db, DATASET, 'AAPL', '2024-07-04')).toBeUndefined()
  expect(await findAbsence(db, DATASET, 'MSFT', DT)).toBeUndefined()
  expect(await listAbsences(db, DATASET, '2024-07-02', '2024-07-30')).toEqual(
    DAYS.slice(1, 4).map((dt) => ({ symbol: 'AAPL', dt, reason: 'SOURCE_SAYS_NONE', recheckAt: null })),
  )
  const answer = { vendor: 'alpaca', count: 1, outcome: 'empty', at: NOW }
  expect(await listAttempts(db, DATASET, cell)).toEqual([
    { symbol: 'AAPL', dt: DT, ...answer, rows: 0, digest: null, askAgainAt: NEVER, refusedFor: null },
  ])
  expect(await lastAnswers(db, DATASET, cell)).toEqual([
    { symbol: 'AAPL', dt: DT, ...answer, status: null, note: null },
  ])
  expect(await listCellAttempts(db, DATASET, 'AAPL', DT)).toMatchObject([{ ...answer, since: null, askAgainAt: NEVER }])
  expect(await listCellAttempts(db, DATASET, 'AAPL', '2024-07-04')).toEqual([])
})

test('empty months: reasons are tallied day by day within the life of the symbol and the days of the slice', async () => {
  const db = await freshDb()
  await answeredMonth(db)
  await answered(db, 'alpaca', '2024-07-05', noneUntil(NOW + 9))
  await answered(db, 'massive', DT, NONE)
  const slice = { column: 4, month: JULY, mask: MASK, days: 5, byRule: 0 as const }
  const tally = (fromDt: string, toDt: string, mask = MASK) =>
    tallyReasons(db, DATASET, [{ symbol: 'AAPL', fromDt, toDt }], [{ ...slice, mask }])
  const says = (cells: number) => [{ column: 4, reason: 'SOURCE_SAYS_NONE', isSettled: 1, cells }]
  expect(await tally('2020-01-01', '2030-12-31')).toEqual(says(5))
  expect(await tally('2024-07-02', '2024-07-30')).toEqual(says(3))
  expect(await tally('2024-07-02', '2024-07-02')).toEqual(says(1))
  expect(await tally('2020-01-01', '2030-12-31', dayBit(DT))).toEqual(says(1))
  expect(await tally('2024-07-06', '2024-07-30')).toEqual([])
  expect(await tally('2024-08-01', '2024-08-30')).toEqual([])
})

test('empty months: a day in doubt is a row until it is settled for good, and then goes in the same batch', async () => {
  const db = await freshDb()
  await answeredMonth(db, noneUntil(NOW + 9))
  expect(await rowsOf(db)).toEqual({ attempts: 5, absences: 5 })
  expect(await months(db)).toEqual([])
  await answered(db, 'alpaca', DT, NONE, NOW + 10)
  expect(await months(db)).toEqual([
    { vendor: 'alpaca', month: JULY, days: dayBit(DT), firstAt: NOW + 10, lastAt: NOW + 10 },
  ])
  expect(await rowsOf(db)).toEqual({ attempts: 4, absences: 4 })
  await answered(db, 'alpaca', '2024-07-05', NONE, NOW + 30)
  const [attempt] = await listCellAttempts(db, DATASET, 'AAPL', DT)
  expect(attempt).toMatchObject({ since: NOW + 10, at: NOW + 30 })
})

test('empty months: a later filing clears the day, its reason and nothing else; rows stay known when the vendor says none again', async () => {
  const db = await freshDb()
  await answeredMonth(db)
  await answered(db, 'alpaca', DT, {}, NOW + 1)
  expect(await months(db)).toMatchObject([{ days: MASK - dayBit(DT) }])
  expect(await findAbsence(db, DATASET, 'AAPL', DT)).toBeUndefined()
  expect(await rowsOf(db)).toEqual({ attempts: 1, absences: 0 })
  const filled = [expect.objectContaining({ outcome: 'filled', count: 2, digest: `digest of AAPL ${DT}` })]
  expect(await listAttempts(db, DATASET, cell)).toEqual(filled)
  await answered(db, 'alpaca', DT, NONE, NOW + 2)
  expect(await listAttempts(db, DATASET, cell)).toEqual(filled)
  expect(await months(db)).toMatchObject([{ days: MASK - dayBit(DT) }])
  expect((await snapshot(db)).coverage).toEqual([
    expect.objectContaining({ present: dayBit(DT), absent: MASK - dayBit(DT) }),
  ])
  for (const dt of DAYS) await answered(db, 'alpaca', dt, {}, NOW + 3)
  expect(await months(db)).toEqual([])
})

test('empty months: what one vendor says none of and another has is present, and a gap once that is lost', async () => {
  const db = await freshDb()
  await answered(db, 'massive', DT, {})
  await answered(db, 'alpaca', DT, NONE, NOW + 1)
  expect(await months(db)).toMatchObject([{ vendor: 'alpaca', days: dayBit(DT) }])
  expect(await listAbsences(db, DATASET, DT, DT)).toEqual([])
  expect(await findAbsence(db, DATASET, 'AAPL', DT)).toBeUndefined()
  expect((await listAttempts(db, DATASET, cell)).map(({ vendor, outcome }) => `${vendor} ${outcome}`).sort()).toEqual([
    'alpaca empty',
    'massive filled',
  ])
  const lost = { symbol: 'AAPL', dt: DT, month: JULY, bit: dayBit(DT), partition: '2024', at: NOW + 2, path: 'p' }
  const gone = { ...lost, why: 'gone' as const, note: 'gone' }
  expect(await invalidateCells(db, 'alpaca', DATASET, [gone], NOW + 2)).toBe(0)
  expect(await invalidateCells(db, 'massive', DATASET, [gone], NOW + 2)).toBe(1)
  expect((await snapshot(db)).coverage).toEqual([expect.objectContaining({ present: 0, absent: 0 })])
  expect(await findAbsence(db, DATASET, 'AAPL', DT)).toBeUndefined()
  // Whoever has spoken of the day is known: it is no month that nobody was asked about.
  expect(await monthOf(db)).toBe(5)
  expect((await tasksIn(db)).filter(({ state }) => state === 'queued')).toHaveLength(5)
  expect(await db.all(sql`SELECT count(*) AS n FROM gap_tasks WHERE days IS NOT NULL`)).toEqual([{ n: 0 }])
})

test('empty months: a month of which a vendor said none is none that nobody was asked about', async () => {
  const db = await freshDb()
  await answeredMonth(db)
  expect(await monthOf(db, MASK + dayBit('2024-07-09'))).toBe(6)
  expect((await tasksIn(db)).filter(({ state }) => state === 'queued')).toHaveLength(6)
  expect(await db.all(sql`SELECT days FROM gap_tasks WHERE state = 'queued' AND days IS NOT NULL`)).toEqual([])
  expect(await monthOf(db, dayBit('2024-07-10') + dayBit('2024-07-11'))).toBe(2)
  expect(await db.all(sql`SELECT cells FROM gap_tasks WHERE state = 'queued' AND days IS NOT NULL`)).toEqual([
    { cells: 2 },
  ])
})

test('empty months: another reason for a day is told before what is kept by month', async () => {
  const db = await freshDb()
  await answeredMonth(db)
  const outage = { ...NOTHING_THERE, outcome: 'unavailable', absence: 'VENDOR_OUTAGE', recheckAt: NOW + 5 } as const
  await answered(db, 'massive', DT, { ...outage, state: 'queued', askAgainAt: NOW + 5, nextAt: NOW + 5 })
  expect(await findAbsence(db, DATASET, 'AAPL', DT)).toMatchObject({ reason: 'VENDOR_OUTAGE', recheckAt: NOW + 5 })
  expect((await listAbsences(db, DATASET, DT, DT)).map(({ reason }) => reason)).toEqual(['VENDOR_OUTAGE'])
  const tally = [{ symbol: 'AAPL', fromDt: DT, toDt: DT }]
  const slice = { column: 0, month: JULY, mask: MASK, days: 5, byRule: 0 as const }
  expect((await tallyReasons(db, DATASET, tally, [slice])).map(({ reason }) => reason)).toEqual(['VENDOR_OUTAGE'])
})

test('empty months: a task of such a day waits for nobody who said none, until a person asks again', async () => {
  const db = await freshDb()
  await answeredMonth(db)
  await enqueueTasks(db, DATASET, [newTask('AAPL', DT, { reason: 'manual' })], NOW)
  expect(await findHead(db, reachOf('alpaca'))).toBeUndefined()
  expect(await db.all(sql`SELECT blocked_for AS bucket FROM gap_tasks WHERE state = 'queued'`)).toEqual([
    { bucket: 'alpaca' },
  ])
  expect(await findHead(db, reachOf('massive'))).toMatchObject({ dt: DT })
  await resetRetry(db, DATASET, cell, NOW + 1)
  expect(await months(db)).toMatchObject([{ days: MASK - dayBit(DT) }])
  expect(await listAttempts(db, DATASET, cell)).toMatchObject([{ outcome: 'empty', at: NOW, askAgainAt: NOW + 1 }])
  expect(await findAbsence(db, DATASET, 'AAPL', DT)).toMatchObject({ reason: 'SOURCE_SAYS_NONE', decidedAt: NOW })
})

test('empty months: a holder whose lease has passed on adds no day, and one that is killed neither', async () => {
  const db = await freshDb()
  await enqueueTasks(db, DATASET, [newTask('AAPL', DT)], NOW)
  await claim(db, [1], 'first')
  const held = await snapshot(db)
  await expect(settle(dyingAfter(db, 0), 'first', [settlement(1, 'AAPL', DT, NONE)])).rejects.toThrow('killed')
  expect(await snapshot(db)).toEqual(held)
  await reapLeases(db, 12, NOW + 60_000)
  const before = await snapshot(db)
  expect(await settle(db, 'first', [settlement(1, 'AAPL', DT, NONE)])).toBe(0)
  expect(await snapshot(db)).toEqual(before)
})

test('empty months: a settlement is one write, and none of its statements walks a table', async () => {
  const db = await freshDb()
  await answeredMonth(db)
  await enqueueTasks(db, DATASET, [newTask('AAPL', '2024-07-08'), newTask('AAPL', '2024-07-09')], NOW)
  const ids = (await tasksIn(db)).filter(({ state }) => state === 'queued').map(({ id }) => id)
  await claim(db, ids, 'two')
  const { db: noting, plans } = explaining(db)
  await settle(dyingAfter(noting, 1), 'two', [
    settlement(ids[0]!, 'AAPL', '2024-07-08', NONE),
    settlement(ids[1]!, 'AAPL', '2024-07-09', noneUntil(NOW + 9)),
  ])
  const steps = (await plans()).flat()
  expect(steps.filter((step) => /^SCAN (attempts|absences|empty_months|coverage|[ace])\b/.test(step))).toEqual([])
  expect(steps.filter((step) => /^SEARCH \w{1,8} .*\(dataset=\?\)$/.test(step))).toEqual([])
  expect(
    steps.filter((step) => /^SEARCH e .*\(dataset=\? AND symbol=\? AND month=\?/.test(step)).length,
  ).toBeGreaterThan(2)
})
