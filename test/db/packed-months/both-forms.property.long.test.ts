import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { recordAdopted } from '../../../db/adoptions/record-adopted.ts'
import { dropAnswers } from '../../../db/attempts/drop-answers.ts'
import { listCellAttempts } from '../../../db/attempts/list-cell-attempts.ts'
import { resetRetry } from '../../../db/attempts/reset-retry.ts'
import type { Db } from '../../../db/client.ts'
import { evidenceMonths, rebuildCoverage } from '../../../db/coverage/rebuild-coverage.ts'
import { recordJudgement } from '../../../db/findings/record-judgement.ts'
import { claimTasks } from '../../../db/gap-tasks/claim-tasks.ts'
import { claimableBy } from '../../../db/gap-tasks/claimable.ts'
import { endRereads } from '../../../db/gap-tasks/end-rereads.ts'
import { enqueueMonths } from '../../../db/gap-tasks/enqueue-months.ts'
import { enqueueTasks, type NewTask } from '../../../db/gap-tasks/enqueue-tasks.ts'
import type { Settlement } from '../../../db/gap-tasks/settlement.ts'
import { recordRepaired } from '../../../db/lost-files/record-repaired.ts'
import { invalidateCells } from '../../../db/manifests/invalidate-cells.ts'
import { replayAccepted } from '../../../db/manifests/manifests.ts'
import { packMonths } from '../../../db/packed-months/pack-months.ts'
import { leaseUnchecked } from '../../../db/partitions/partitions.ts'
import { repairClock } from '../../../db/repair-clock.ts'
import { dayBit, dtsOfMask, monthOf } from '../../../functions/_market/dt.ts'
import { freshDb, NOTHING_THERE, newTask, reachOf, settle, settlement, snapshot } from '../temp-db.ts'
import { packedTwice, readersTell } from './readers.ts'

const NOW = Date.UTC(2024, 6, 5, 21, 0)
const OPEN_MONTH = '2024-06'
const VENDORS = ['alpaca', 'massive']
const SYMBOLS = ['A', 'B']
const DTS = ['2024-03-28', '2024-04-01', '2024-04-02', '2024-04-30']
const CELLS = SYMBOLS.flatMap((symbol) => DTS.map((dt) => ({ symbol, dt })))
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

const ENDINGS = ['filled', 'filled', 'filled', 'other', 'short', 'fewer', 'empty', 'unavailable'] as const
const DEEDS = [
  'lose',
  'forget',
  'reset',
  'adopt',
  'adopt unread',
  'replay',
  'rebuild',
  'judge',
  'damage',
  'enqueue',
  'enqueue month',
  'read again',
  'end rereads',
  'drop answers',
  'set clock back',
] as const

interface Step {
  vendor: string
  symbol: string
  dts: string[]
  do: 'answer' | 'pack' | (typeof DEEDS)[number]
  ending: (typeof ENDINGS)[number]
}

const about = {
  vendor: fc.constantFrom(...VENDORS),
  symbol: fc.constantFrom(...SYMBOLS),
  dts: fc.subarray(DTS, { minLength: 1 }),
  ending: fc.constantFrom(...ENDINGS),
}
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 7, arbitrary: fc.record({ ...about, do: fc.constant('answer' as const) }) },
  { weight: 5, arbitrary: fc.record({ ...about, do: fc.constant('pack' as const) }) },
  { weight: 6, arbitrary: fc.record({ ...about, do: fc.constantFrom(...DEEDS) }) },
)

interface Twin {
  db: Db
  dataset: string
  packs: boolean
}

function endingOf({ ending }: Step, now: number): Partial<Settlement> {
  const waits = { ...NOTHING_THERE, state: 'queued', nextAt: now + 3, askAgainAt: now + 3, recheckAt: now + 3 } as const
  const endings: Record<Step['ending'], Partial<Settlement>> = {
    filled: {},
    other: { digest: digestOf('other'), rows: 7 },
    short: { outcome: 'short', short: 1, digest: digestOf('short') },
    fewer: { refused: { digest: digestOf('fewer'), rows: 0 } },
    empty: {
      ...NOTHING_THERE,
      outcome: 'empty',
      absence: 'VENDOR_EMPTY_ONCE',
      recheckAt: now + 4,
      askAgainAt: now + 4,
    },
    unavailable: { ...waits, outcome: 'unavailable', absence: 'VENDOR_OUTAGE' },
  }
  return endings[ending]
}

async function answer({ db, dataset }: Twin, step: Step, more: Partial<NewTask>, now: number): Promise<void> {
  const { vendor, symbol, dts } = step
  const tasks = dts.map((dt) => newTask(symbol, dt, { nextAt: now, ...more }))
  await enqueueTasks(db, dataset, tasks, now)
  const open = await db.all<{ id: number; dt: string; days: number | null; reason: string }>(sql`
    SELECT id, dt, days, reason FROM gap_tasks WHERE dataset = ${dataset} AND symbol = ${symbol} AND state = 'queued' ORDER BY dt`)
  const asked = open.filter(({ dt, days }) =>
    dts.some((one) => one === dt || (days !== null && monthOf(one) === monthOf(dt) && days & dayBit(one))),
  )
  if (asked.length === 0) return
  const token = `${dataset} ${now}`
  await claimTasks(db, {
    ids: asked.flatMap(({ id, days }) => (days === null ? [id] : [])),
    parts: asked.flatMap(({ id, dt, days }) => (days === null ? [] : [{ id, dt, days, wanted: days }])),
    ...{ vendor, token, holder: 'test', now, leaseExpiresAt: now + 60_000 },
  })
  const settlements = asked.flatMap(({ id, dt, days, reason }) =>
    (days === null ? [dt] : dtsOfMask(monthOf(dt), days)).map((one) =>
      settlement(id, symbol, one, {
        digest: digestOf(`${symbol} ${one}`),
        reread: reason === 're_read' ? 1 : 0,
        ...endingOf(step, now),
      }),
    ),
  )
  expect(await settle(db, token, settlements, { vendor, dataset, now })).toBe(asked.length)
}

async function judge({ db, dataset }: Twin, { vendor, symbol, dts }: Step, now: number): Promise<void> {
  await db.write([sql`UPDATE partitions SET curated_version = version WHERE dataset = ${dataset}`])
  const work = await leaseUnchecked(db, `judge ${now}`, now, now + 1, { dataset, partition: '2024' })
  if (!work) return
  const findings = dts.map((dt, at) => ({
    ...{
      symbol,
      dt,
      month: monthOf(dt),
      bit: dayBit(dt),
      status: 'RED' as const,
      flags: 'RANGE',
      numbers: '{}',
      vendor,
    },
    ...{ action: 'none' as const, held: at === 0 ? (1 as const) : (0 as const) },
    refused: at === 0 ? (1 as const) : (0 as const),
  }))
  const days = { fromDt: '2024-01-01', toDt: '2024-12-31' }
  await recordJudgement(db, { work, token: `judge ${now}`, ...days, findings, red: 1, ledgerSha256: 's', now })
}

async function carryOut(twin: Twin, step: Step, now: number): Promise<unknown> {
  const { db, dataset } = twin
  const { vendor, symbol, dts } = step
  const cells = dts.map((dt) => ({ symbol, dt, month: monthOf(dt), bit: dayBit(dt), partition: '2024' }))
  const ended = (why: 'gone' | 'forgotten') =>
    invalidateCells(
      db,
      vendor,
      dataset,
      cells.map((cell) => ({ ...cell, at: now, path: `${dataset} ${cell.dt}`, why, note: why })),
      now,
    )
  const adopt = (digest: string | null) =>
    recordAdopted(db, {
      ...{ vendor, dataset, step: null, mark: null, now },
      cells: cells.map((cell) => ({ ...cell, rows: digest === null ? null : 3, digest, at: now })),
    })
  switch (step.do) {
    case 'answer':
      return await answer(twin, step, {}, now)
    case 'pack':
      if (twin.packs) await packMonths(db, dataset, OPEN_MONTH, 1_000)
      return
    case 'lose':
      return await ended('gone')
    case 'forget':
      return await ended('forgotten')
    case 'reset':
      return await resetRetry(db, dataset, cells, now)
    case 'adopt':
      return await adopt(digestOf('adopted'))
    case 'adopt unread':
      return await adopt(null)
    case 'replay': {
      const said = { rows: 2, fetchedAt: now, writtenAt: now, previous: null, difference: null, window: null }
      const lines = cells.map((cell) => ({ ...cell, ...said, digest: digestOf(`${symbol} ${cell.dt}`) }))
      return await replayAccepted(db, vendor, dataset, lines, { path: `${dataset} m`, bytes: 1 }, now)
    }
    case 'rebuild':
      for (const month of await evidenceMonths(db, dataset))
        await rebuildCoverage(db, dataset, month, () => ['2024'], now)
      return
    case 'judge':
      return await judge(twin, step, now)
    case 'damage': {
      const [dt] = dts as [string]
      const file = { path: `${dataset} ${dt}`, vendor, dataset, dt, partition: '2024', why: 'kept' as const }
      return await recordRepaired(db, { ...file, damaged: [symbol] }, now)
    }
    case 'enqueue':
      return await enqueueTasks(
        db,
        dataset,
        dts.map((dt) => newTask(symbol, dt, { nextAt: now })),
        now,
      )
    case 'enqueue month': {
      const days = cells.filter(({ month }) => month === '2024-04').reduce((mask, { bit }) => mask | bit, 0)
      if (days === 0) return
      const all = dtsOfMask('2024-04', days)
      const month = { symbol, dt: all[0]!, days, cells: all.length, expectedRows: null }
      return await enqueueMonths(db, { dataset, priority: 0, newestFirst: false }, [month], now)
    }
    case 'read again':
      return await answer(twin, step, { reason: 're_read', vendor }, now)
    case 'end rereads':
      return await endRereads(db, dataset, ['alpaca'], now)
    case 'drop answers': {
      const [{ month, bit, dt }] = cells as [(typeof cells)[number]]
      return await dropAnswers(db, { dataset, dt, month, bit, symbols: [symbol] })
    }
    case 'set clock back':
      return (await repairClock(db, now - 10 * 60_000)).aheadMs
    default:
      return step.do satisfies never
  }
}

/** Every table as it is, but for the form the evidence has. */
async function told({ db, dataset }: Twin, now: number): Promise<unknown> {
  const { attempts: _, packed_months: __, leases: ___, ...tables } = await snapshot(db)
  const evidence = await Promise.all(CELLS.map(({ symbol, dt }) => listCellAttempts(db, dataset, symbol, dt)))
  const free = await Promise.all(
    VENDORS.map((vendor) =>
      db.all(sql`SELECT t.id, t.dt ${claimableBy(reachOf(vendor, { dataset, now }))} ORDER BY t.id`),
    ),
  )
  return { tables, evidence, free, readers: await readersTell(db, dataset, CELLS, now) }
}

test('packed months: whatever is answered, lost, adopted, replayed, judged or asked again between, every reader and every table tells what rows alone tell', async () => {
  const [one, other] = [await freshDb(), await freshDb()]
  let runs = 0
  let seen = 0
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 4, maxLength: 16 }), async (steps) => {
      const dataset = `set ${++runs}`
      const twins: [Twin, Twin] = [
        { db: one, dataset, packs: true },
        { db: other, dataset, packs: false },
      ]
      for (const [at, step] of steps.entries()) {
        const now = NOW + runs * 100 + at
        const [packed, rows] = [await carryOut(twins[0], step, now), await carryOut(twins[1], step, now)]
        expect(packed).toEqual(rows)
        expect(await told(twins[0], now)).toEqual(await told(twins[1], now))
        expect(await packedTwice(one)).toEqual([])
        seen += (await one.all(sql`SELECT 1 FROM packed_months WHERE dataset = ${dataset}`)).length
      }
      for (const { db } of twins) {
        for (const table of [
          'attempts',
          'packed_months',
          'coverage',
          'gap_tasks',
          'absences',
          'corrections',
          'findings',
          'partitions',
        ])
          await db.write([sql`DELETE FROM ${sql.identifier(table)} WHERE dataset = ${dataset}`])
      }
    }),
    { numRuns: 60, seed: 11 },
  )
  expect(seen).toBeGreaterThan(100)
}, 240_000)
