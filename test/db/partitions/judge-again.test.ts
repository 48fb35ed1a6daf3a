import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import type { Db } from '../../../db/client.ts'
import { recordJudgement } from '../../../db/findings/record-judgement.ts'
import { judgeByRuleset, type Outdated, type Seen } from '../../../db/partitions/judge-again.ts'
import { expectPartitions, leaseTouched, leaseUnchecked, markCurated } from '../../../db/partitions/partitions.ts'
import { DATASET, freshDb, NOW } from '../temp-db.ts'

const SEEN: Seen = { before: 'b', after: 'a', splits: 's' }

async function curated(db: Db, ...partitions: string[]): Promise<void> {
  await expectPartitions(
    db,
    DATASET,
    partitions.map((partition) => ({ partition, expected: 'one' })),
    NOW,
  )
  for (const partition of partitions) {
    const work = await leaseTouched(db, 'c', NOW, NOW + 100, { dataset: DATASET, partition })
    await markCurated(db, work!, 'c', { sha256: `sha ${partition}`, rows: 7 }, NOW)
  }
}

const lease = (db: Db, partition: string, token = 'qc') =>
  leaseUnchecked(db, token, NOW, NOW + 60_000, { dataset: DATASET, partition })

/** Judges a partition to its end; `meanwhile` runs while it is leased. */
async function judge(db: Db, partition: string, outdated: Outdated[] = [], meanwhile?: () => Promise<unknown>) {
  const work = await lease(db, partition, `qc ${partition}`)
  if (work === undefined) return 'not due'
  await meanwhile?.()
  return recordJudgement(db, {
    work,
    token: `qc ${partition}`,
    fromDt: `${partition}-01-01`,
    toDt: `${partition}-12-31`,
    findings: [],
    red: 0,
    ledgerSha256: 'ledger',
    now: NOW,
    seen: SEEN,
    outdated,
    ruleset: 'rules 1',
  })
}
const before = (partition: string, now: string): Outdated => ({ dataset: DATASET, partition, saw: 'after', now })

test('judge again: a partition whose surroundings changed is judged once more, without being curated, and no other', async () => {
  const db = await freshDb()
  await curated(db, '2022', '2023', '2024')
  for (const partition of ['2022', '2023', '2024']) expect(await judge(db, partition)).toBe(true)
  await db.write([sql`UPDATE partitions SET version = 2, curated_version = 2 WHERE partition = '2024'`])
  expect(await judge(db, '2024', [before('2023', 'changed')])).toBe(true)
  expect(await leaseTouched(db, 'c', NOW, NOW + 100)).toBeUndefined()
  expect(await judge(db, '2022')).toBe('not due')
  expect(await judge(db, '2023')).toBe(true)
  expect(await judge(db, '2023')).toBe('not due')
})

test('judge again: the same surroundings, and a partition without a file, are left alone', async () => {
  const db = await freshDb()
  await curated(db, '2023', '2024')
  expect(await judge(db, '2023')).toBe(true)
  expect(await judge(db, '2024', [before('2023', 'a')])).toBe(true)
  expect(await judge(db, '2023')).toBe('not due')
  await db.write([
    sql`UPDATE partitions SET curated_sha256 = NULL WHERE partition = '2023'`,
    sql`UPDATE partitions SET ledger_sha256 = NULL WHERE partition = '2024'`,
  ])
  expect(await judge(db, '2024', [before('2023', 'changed')])).toBe(true)
  expect(await judge(db, '2023')).toBe('not due')
})

test('judge again: a change during a judgement is not lost, and a lapsed lease changes nothing', async () => {
  const db = await freshDb()
  await curated(db, '2023', '2024')
  expect(await judge(db, '2023', [], () => judge(db, '2024', [before('2023', 'changed')]))).toBe(true)
  expect(await judge(db, '2023')).toBe(true)
  expect(await judge(db, '2023')).toBe('not due')
  await db.write([sql`UPDATE partitions SET ledger_sha256 = NULL WHERE partition = '2024'`])
  const lapse = () => db.write([sql`UPDATE partitions SET lease_token = 'other' WHERE partition = '2024'`])
  expect(await judge(db, '2024', [before('2023', 'changed')], lapse)).toBe(false)
  expect(await judge(db, '2023')).toBe('not due')
})

test('judge again: other rules have everything judged once more, and the same ones nothing', async () => {
  const db = await freshDb()
  await curated(db, '2023', '2024')
  expect(await judge(db, '2023')).toBe(true)
  expect(await judgeByRuleset(db, 'rules 1')).toBe(0)
  expect(await judgeByRuleset(db, 'rules 2')).toBe(1)
  expect(await judgeByRuleset(db, 'rules 2')).toBe(0)
  expect(await judge(db, '2023')).toBe(true)
})
