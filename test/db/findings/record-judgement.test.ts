import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { listAttempts } from '../../../db/attempts/list-attempts.ts'
import { listRefused } from '../../../db/attempts/list-refused.ts'
import type { Db } from '../../../db/client.ts'
import { type Finding, type Judgement, recordJudgement } from '../../../db/findings/record-judgement.ts'
import { leaseTouched, leaseUnchecked, markCurated, type PartitionWork } from '../../../db/partitions/partitions.ts'
import { claimed, DATASET, freshDb, NOW, settle, settlement, snapshot } from '../temp-db.ts'

const DTS = ['2024-06-28', '2024-07-01', '2024-07-31']

/** Three cells of one symbol, curated, with QC's lease on their partition. */
async function unchecked(vendors: readonly string[] = ['alpaca']): Promise<{ db: Db; work: PartitionWork }> {
  const db = await freshDb()
  for (const vendor of vendors) {
    for (const dt of DTS) {
      const token = `${vendor} ${dt}`
      const id = await claimed(db, 'AAPL', dt, token, vendor)
      await settle(db, token, [settlement(id, 'AAPL', dt, { digest: token })], { vendor })
    }
  }
  return { db, work: await curateAndLease(db, 'qc') }
}

async function curateAndLease(db: Db, token: string): Promise<PartitionWork> {
  const curated = (await leaseTouched(db, 'curate', NOW, NOW + 1)) as PartitionWork
  await markCurated(db, curated, 'curate', { sha256: 'sha', rows: 3 }, NOW)
  return (await leaseUnchecked(db, token, NOW, NOW + 60_000)) as PartitionWork
}

const red = (dt: string, more: Partial<Finding> = {}): Finding => ({
  symbol: 'AAPL',
  dt,
  month: dt.slice(0, 7),
  bit: 2 ** (Number(dt.slice(8)) - 1),
  status: 'RED',
  flags: 'OHLC_ORDER',
  numbers: '{}',
  vendor: 'alpaca',
  action: 'none',
  held: 1,
  refused: more.held ?? 1,
  ...more,
})

const judge = (db: Db, work: PartitionWork, findings: Finding[], more: Partial<Judgement> = {}): Promise<boolean> =>
  recordJudgement(db, {
    work,
    token: 'qc',
    fromDt: '2024-01-01',
    toDt: '2024-12-31',
    findings,
    red: findings.length,
    ledgerSha256: 'ledger',
    now: NOW,
    ...more,
  })

const heldIn = async (db: Db): Promise<unknown> =>
  await db.all(sql`SELECT month, held FROM coverage WHERE held <> 0 ORDER BY month`)

test('record judgement: a judgement replaces the findings, holds RED cells and ticks the partition off', async () => {
  const { db, work } = await unchecked()
  expect(await judge(db, work, [red(DTS[0]!), red(DTS[2]!), red(DTS[1]!, { status: 'AMBER', held: 0 })])).toBe(true)
  expect(await heldIn(db)).toEqual([
    { month: '2024-06', held: 2 ** 27 },
    { month: '2024-07', held: 2 ** 30 },
  ])
  const after = await snapshot(db)
  expect(after.findings).toHaveLength(3)
  expect(after.partitions).toEqual([
    expect.objectContaining({ checked_version: work.version, red: 3, lease_token: null, lease_expires_at: 0 }),
  ])
  expect(await leaseUnchecked(db, 'again', NOW, NOW + 1)).toBeUndefined()
})

test('record judgement: a cell that is no longer RED is released, its neighbour stays held', async () => {
  const { db, work } = await unchecked()
  await judge(db, work, [red(DTS[1]!), red(DTS[2]!)])
  await db.write([sql`UPDATE partitions SET version = version + 1`])
  const again = await curateAndLease(db, 'qc')
  await judge(db, again, [red(DTS[2]!)])
  expect(await heldIn(db)).toEqual([{ month: '2024-07', held: 2 ** 30 }])
  expect((await snapshot(db)).findings).toEqual([expect.objectContaining({ dt: DTS[2] })])
})

test('record judgement: a judgement of one day leaves the other days of its month as they are', async () => {
  const { db, work } = await unchecked()
  await judge(
    db,
    work,
    DTS.map((dt) => red(dt)),
  )
  await db.write([sql`UPDATE partitions SET version = version + 1`])
  const again = await curateAndLease(db, 'qc')
  await judge(db, again, [], { fromDt: DTS[1]!, toDt: DTS[1]! })
  expect(await heldIn(db)).toEqual([
    { month: '2024-06', held: 2 ** 27 },
    { month: '2024-07', held: 2 ** 30 },
  ])
})

test('record judgement: a cell without rows is never held', async () => {
  const { db, work } = await unchecked()
  expect(await judge(db, work, [red('2024-07-02'), red(DTS[1]!)])).toBe(true)
  expect(await heldIn(db)).toEqual([{ month: '2024-07', held: 1 }])
})

test('record judgement: a judge whose lease passed on changes nothing', async () => {
  const { db, work } = await unchecked()
  await leaseUnchecked(db, 'another', NOW + 60_000, NOW + 120_000)
  const before = await snapshot(db)
  expect(await judge(db, work, [red(DTS[0]!)])).toBe(false)
  expect(await snapshot(db)).toEqual(before)
})

test('record judgement: a judgement is recorded once', async () => {
  const { db, work } = await unchecked()
  await judge(db, work, [red(DTS[0]!)])
  const before = await snapshot(db)
  expect(await judge(db, work, [])).toBe(false)
  expect(await snapshot(db)).toEqual(before)
})

test('record judgement: only the version that was judged is refused, and only while another vendor has a good one it loses', async () => {
  const { db, work } = await unchecked(['alpaca', 'massive'])
  await judge(db, work, [red(DTS[0]!), red(DTS[1]!, { status: 'AMBER', held: 0 })])
  const known = await listAttempts(db, DATASET, [{ symbol: 'AAPL', dt: DTS[0]! }])
  expect(known.map(({ vendor, refusedFor }) => [vendor, refusedFor])).toEqual([
    ['alpaca', 'OHLC_ORDER'],
    ['massive', null],
  ])
  expect(await listRefused(db, DATASET, '2024-01-01', '2024-12-31')).toEqual([
    { vendor: 'alpaca', symbol: 'AAPL', dt: DTS[0] },
  ])
  await db.write([sql`DELETE FROM attempts WHERE vendor = 'massive'`])
  expect(await listRefused(db, DATASET, '2024-01-01', '2024-12-31')).toEqual([])
})

test('record judgement: a partition is curated again when a refused version has another one beside it, until all are refused', async () => {
  const { db, work } = await unchecked(['alpaca', 'massive'])
  await judge(db, work, [red(DTS[0]!)])
  const again = await curateAndLease(db, 'qc')
  expect(again.version).toBe(work.version + 1)
  await judge(db, again, [red(DTS[0]!, { vendor: 'massive' })])
  expect(await leaseTouched(db, 'curate', NOW, NOW + 1)).toBeUndefined()
})

test('record judgement: what a second version decided is replaced by the next judgement, and keeps its instant while it stays the same', async () => {
  const { db, work } = await unchecked(['alpaca', 'massive'])
  const view = (dt: string, more: object = {}) => ({
    ...{
      symbol: 'AAPL',
      dt,
      vendor: 'massive',
      secondVendor: 'alpaca',
      action: 'replaced',
      numbers: '{}',
      lifts: 0 as const,
    },
    ...more,
  })
  await judge(db, work, [], { secondViews: [view(DTS[0]!), view(DTS[1]!)] })
  await db.write([sql`UPDATE partitions SET version = version + 1`])
  const again = await curateAndLease(db, 'qc')
  const secondViews = [view(DTS[0]!, { numbers: '{"second_close":1}' }), view(DTS[2]!, { action: 'kept' })]
  await judge(db, again, [], { secondViews, now: NOW + 5 })
  expect((await snapshot(db)).second_views).toEqual([
    expect.objectContaining({ dt: DTS[0], numbers: '{"second_close":1}', decided_at: NOW }),
    expect.objectContaining({ dt: DTS[2], action: 'kept', decided_at: NOW + 5 }),
  ])
  expect(await judge(db, again, [])).toBe(false)
  expect((await snapshot(db)).second_views).toHaveLength(2)
})

test('record judgement: a refusal ends where both versions agree, and the partition is curated again; damaged rows stay refused', async () => {
  const { db, work } = await unchecked(['alpaca', 'massive'])
  await db.write([
    sql`UPDATE attempts SET refused_for = CASE dt WHEN ${DTS[0]} THEN 'BAD_PRINT' ELSE 'DAMAGED' END WHERE vendor = 'alpaca'`,
  ])
  const views = [DTS[0]!, DTS[1]!].map((dt) => ({
    ...{
      symbol: 'AAPL',
      dt,
      vendor: 'massive',
      secondVendor: 'alpaca',
      action: 'released',
      numbers: '{}',
      lifts: 1 as const,
    },
  }))
  await judge(db, work, [], { secondViews: views })
  const known = await listAttempts(db, DATASET, [
    { symbol: 'AAPL', dt: DTS[0]! },
    { symbol: 'AAPL', dt: DTS[1]! },
  ])
  expect(known.filter(({ vendor }) => vendor === 'alpaca').map(({ refusedFor }) => refusedFor)).toEqual([
    null,
    'DAMAGED',
  ])
  expect((await snapshot(db)).partitions).toEqual([expect.objectContaining({ version: work.version + 1 })])
})
