import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { listAbsences } from '../../../db/absences/absences.ts'
import { findAbsence } from '../../../db/absences/find-absence.ts'
import { tallyReasons } from '../../../db/absences/tally-reasons.ts'
import { recordAdopted } from '../../../db/adoptions/record-adopted.ts'
import { lastAnswers } from '../../../db/attempts/last-answers.ts'
import { listAttempts } from '../../../db/attempts/list-attempts.ts'
import { listCellAttempts } from '../../../db/attempts/list-cell-attempts.ts'
import { resetRetry } from '../../../db/attempts/reset-retry.ts'
import type { Db } from '../../../db/client.ts'
import { evidenceMonths, rebuildCoverage } from '../../../db/coverage/rebuild-coverage.ts'
import { compactRows } from '../../../db/empty-months/compact-rows.ts'
import { claimTasks } from '../../../db/gap-tasks/claim-tasks.ts'
import { claimableBy } from '../../../db/gap-tasks/claimable.ts'
import { enqueueMonths } from '../../../db/gap-tasks/enqueue-months.ts'
import { enqueueTasks } from '../../../db/gap-tasks/enqueue-tasks.ts'
import { findHead } from '../../../db/gap-tasks/find-head.ts'
import type { Settlement } from '../../../db/gap-tasks/settlement.ts'
import { invalidateCells } from '../../../db/manifests/invalidate-cells.ts'
import { replayAccepted } from '../../../db/manifests/manifests.ts'
import { dayBit, dtsOfMask, monthOf } from '../../../functions/_market/dt.ts'
import { NEVER } from '../filled-settlement.ts'
import { freshDb, NOTHING_THERE, NOW, newTask, reachOf, settle, settlement } from '../temp-db.ts'
import { NONE, noneUntil } from './says-none.ts'

const VENDORS = ['alpaca', 'massive']
const SYMBOLS = ['A']
const DTS = ['2024-06-28', '2024-07-01', '2024-07-31']
const CELLS = SYMBOLS.flatMap((symbol) => DTS.map((dt) => ({ symbol, dt })))

/** An instant that is never for everybody but empty_months: a database that is told so keeps a row a day. */
const ROW_NEVER = NEVER - 1

const ENDINGS = [
  'none',
  'none',
  'none',
  'doubt',
  'filled',
  'other',
  'unavailable',
  'limited',
  'once',
  'given up',
] as const
type Ending = (typeof ENDINGS)[number]

type Step = { vendor: string; symbol: string; dts: string[] } & (
  | { do: 'answer'; ending: Ending }
  | { do: 'lose' | 'reset' | 'adopt' | 'replay' | 'rebuild' | 'compact' | 'enqueue' | 'enqueue month' }
)

const about = {
  vendor: fc.constantFrom(...VENDORS),
  symbol: fc.constantFrom(...SYMBOLS),
  dts: fc.subarray(DTS, { minLength: 1 }),
}
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ ...about, do: fc.constant('answer' as const), ending: fc.constantFrom(...ENDINGS) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      ...about,
      do: fc.constantFrom('lose', 'reset', 'adopt', 'replay', 'rebuild', 'compact', 'enqueue', 'enqueue month'),
    }),
  },
)

interface Twin {
  db: Db
  dataset: string
  never: number
}

function settlementFor(
  { never }: Twin,
  ending: Ending,
  id: number,
  symbol: string,
  dt: string,
  now: number,
): Settlement {
  const waits = { ...NOTHING_THERE, state: 'queued', nextAt: now + 3, askAgainAt: now + 3, recheckAt: now + 3 } as const
  const endings: Record<Ending, Partial<Settlement>> = {
    none: { ...NONE, askAgainAt: never },
    doubt: noneUntil(now + 2),
    filled: {},
    other: { digest: 'another' },
    unavailable: { ...waits, outcome: 'unavailable', absence: 'VENDOR_OUTAGE' },
    limited: { ...waits, outcome: 'rate_limited', recheckAt: null, countsAsAttempt: 0 },
    once: { ...NOTHING_THERE, outcome: 'empty', absence: 'VENDOR_EMPTY_ONCE', recheckAt: now + 4, askAgainAt: now + 4 },
    'given up': { ...waits, outcome: 'malformed', absence: 'GIVEN_UP', state: 'stalled', recheckAt: now + 50 },
  }
  return settlement(id, symbol, dt, endings[ending])
}

interface Open {
  id: number
  dt: string
  days: number | null
}

/** Asks for the days by whatever task is open for them, a new one where there is none. */
async function answer(twin: Twin, { vendor, symbol, dts }: Step, ending: Ending, now: number): Promise<void> {
  const { db, dataset } = twin
  await enqueueTasks(
    db,
    dataset,
    dts.map((dt) => newTask(symbol, dt)),
    now,
  )
  const open = await db.all<Open>(sql`SELECT id, dt, days FROM gap_tasks
    WHERE dataset = ${dataset} AND symbol = ${symbol} AND state = 'queued' ORDER BY id`)
  const asked = open.filter(({ dt, days }) =>
    dts.some((one) => one === dt || (days !== null && monthOf(one) === monthOf(dt) && days & dayBit(one))),
  )
  if (asked.length === 0) return
  const token = `${dataset} ${now}`
  await claimTasks(db, {
    ids: asked.flatMap(({ id, days }) => (days === null ? [id] : [])),
    parts: asked.flatMap(({ id, dt, days }) => (days === null ? [] : [{ id, dt, days, wanted: days }])),
    vendor,
    token,
    holder: 'test',
    now,
    leaseExpiresAt: now + 60_000,
  })
  const settlements = asked.flatMap(({ id, dt, days }) =>
    (days === null ? [dt] : dtsOfMask(monthOf(dt), days)).map((one) =>
      settlementFor(twin, ending, id, symbol, one, now),
    ),
  )
  expect(await settle(db, token, settlements, { vendor, dataset, now })).toBe(asked.length)
}

async function carryOut(twin: Twin, step: Step, now: number): Promise<unknown> {
  const { db, dataset } = twin
  const { vendor, symbol, dts } = step
  const cells = dts.map((dt) => ({ symbol, dt, month: monthOf(dt), bit: dayBit(dt), partition: '2024' }))
  switch (step.do) {
    case 'answer':
      return await answer(twin, step, step.ending, now)
    case 'lose': {
      const lost = cells.map((cell) => ({
        ...cell,
        at: now,
        path: `${dataset} ${cell.dt}`,
        why: 'gone' as const,
        note: 'gone',
      }))
      return await invalidateCells(db, vendor, dataset, lost, now)
    }
    case 'reset':
      return await resetRetry(db, dataset, cells, now)
    case 'adopt': {
      const adopted = cells.map((cell) => ({ ...cell, rows: 3, digest: 'adopted', at: now }))
      return await recordAdopted(db, { vendor, dataset, cells: adopted, step: null, mark: null, now })
    }
    case 'replay': {
      const written = {
        rows: 2,
        digest: 'replayed',
        fetchedAt: now,
        writtenAt: now,
        previous: null,
        difference: null,
        window: null,
      }
      const lines = cells.map((cell) => ({ ...cell, ...written }))
      return await replayAccepted(db, vendor, dataset, lines, { path: `${dataset} m`, bytes: 1 }, now)
    }
    case 'rebuild':
      for (const month of await evidenceMonths(db, dataset)) await rebuildCoverage(db, dataset, month, () => [], now)
      return
    case 'compact':
      if (twin.never === NEVER) await compactRows(db, [dataset], 1)
      return
    case 'enqueue':
      return await enqueueTasks(
        db,
        dataset,
        cells.map(({ dt }) => newTask(symbol, dt, { nextAt: now })),
        now,
      )
    case 'enqueue month': {
      const days = cells.filter(({ month }) => month === '2024-07').reduce((mask, { bit }) => mask | bit, 0)
      if (days === 0) return
      const [dt] = dtsOfMask('2024-07', days)
      const month = { symbol, dt: dt!, days, cells: dtsOfMask('2024-07', days).length, expectedRows: null }
      return await enqueueMonths(db, { dataset, priority: 0, newestFirst: false }, [month], now)
    }
    default:
      return step satisfies never
  }
}

const never = (at: number | null): number | null => (at === ROW_NEVER ? NEVER : at)
const inOrder = <T>(rows: T[]): T[] => rows.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

/** All that is told of the dataset but how often and exactly when a vendor said none. */
async function told({ db, dataset }: Twin, now: number): Promise<unknown> {
  const free = async (vendor: string) =>
    await db.all(
      sql`SELECT t.symbol, t.dt, t.days ${claimableBy(reachOf(vendor, { dataset, now }))} ORDER BY t.symbol, t.dt`,
    )
  const ranges = SYMBOLS.map((symbol) => ({ symbol, fromDt: '2024-06-28', toDt: '2024-07-30' }))
  const slices = ['2024-06', '2024-07'].map((month, column) => ({
    column,
    month,
    mask: -1 >>> 1,
    days: 31,
    byRule: 0 as const,
  }))
  // Looking for a head moves tasks to the buckets they belong to.
  const heads = [
    await findHead(db, reachOf('alpaca', { dataset, now })),
    await findHead(db, reachOf('massive', { dataset, now })),
  ]
  const plain = ({
    at: _at,
    count: _count,
    askAgainAt,
    ...row
  }: {
    at: number
    count: number
    askAgainAt?: number
  }) => ({
    ...row,
    askAgainAt: never(askAgainAt ?? 0),
  })
  return {
    attempts: inOrder((await listAttempts(db, dataset, CELLS)).map(plain)),
    answers: inOrder((await lastAnswers(db, dataset, CELLS)).map(plain)),
    absences: inOrder(await listAbsences(db, dataset, '2024-06-28', '2024-07-30')),
    tally: inOrder(await tallyReasons(db, dataset, ranges, slices)),
    coverage: await db.all(
      sql`SELECT symbol, month, present, short, absent, held FROM coverage WHERE dataset = ${dataset} ORDER BY 1, 2`,
    ),
    tasks: (
      await db.all<{
        until: number | null
      }>(sql`SELECT symbol, dt, days, cells, state, blocked_for, blocked_until AS until, next_at, last_outcome
        FROM gap_tasks WHERE dataset = ${dataset} ORDER BY symbol, dt, id`)
    ).map((task) => ({ ...task, until: never(task.until) })),
    free: [await free('alpaca'), await free('massive')],
    heads: heads.map((head) => head && { symbol: head.symbol, dt: head.dt, days: head.days }),
  }
}

async function tellsOfTheSameTimes(packed: Twin, byDay: Twin): Promise<void> {
  for (const { symbol, dt } of CELLS) {
    const cell = [symbol, dt] as const
    const months = await listCellAttempts(packed.db, packed.dataset, ...cell)
    const rows = await listCellAttempts(byDay.db, byDay.dataset, ...cell)
    expect(months.map(({ vendor }) => vendor)).toEqual(rows.map(({ vendor }) => vendor))
    for (const [at, { since, ...month }] of months.entries()) {
      expect(month.at).toBeGreaterThanOrEqual(rows[at]!.at)
      if (since !== null) expect(since).toBeLessThanOrEqual(rows[at]!.at)
    }
    const [one, other] = [
      await findAbsence(packed.db, packed.dataset, ...cell),
      await findAbsence(byDay.db, byDay.dataset, ...cell),
    ]
    expect([one?.reason, one?.recheckAt]).toEqual([other?.reason, other?.recheckAt])
    expect((one?.decidedAt ?? 0) >= (other?.decidedAt ?? 0)).toBe(true)
  }
}

test('empty months: whatever vendors answer, and whatever is lost, adopted, replayed or asked again between, they tell what a row a day tells', async () => {
  const [month, row] = [await freshDb(), await freshDb()]
  let runs = 0
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 3, maxLength: 14 }), async (steps) => {
      const dataset = `set ${++runs}`
      const packed = { db: month, dataset, never: NEVER }
      const byDay = { db: row, dataset, never: ROW_NEVER }
      for (const [at, step] of steps.entries()) {
        const now = NOW + at
        expect(await carryOut(packed, step, now)).toEqual(await carryOut(byDay, step, now))
        expect(await told(packed, now)).toEqual(await told(byDay, now))
      }
      await tellsOfTheSameTimes(packed, byDay)
      const both =
        await month.all(sql`SELECT a.symbol, a.dt FROM attempts a JOIN empty_months e ON e.dataset = a.dataset AND e.symbol = a.symbol
        AND e.vendor = a.vendor AND e.month = substr(a.dt, 1, 7) AND e.days >> (CAST(substr(a.dt, 9, 2) AS INTEGER) - 1) & 1`)
      expect(both).toEqual([])
      expect(await month.all(sql`SELECT * FROM empty_months WHERE days = 0`)).toEqual([])
    }),
    { numRuns: 60, seed: 7 },
  )
  expect(await month.all(sql`SELECT count(*) > 20 AS isMany FROM empty_months`)).toEqual([{ isMany: 1 }])
  expect(await row.all(sql`SELECT count(*) AS n FROM empty_months`)).toEqual([{ n: 0 }])
}, 120_000)
