import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import type { Db } from '../../../db/client.ts'
import { type DayVerdict, fillDays, listDays, partitionsWithoutDays } from '../../../db/day-verdicts/day-verdicts.ts'
import { recordJudgement } from '../../../db/findings/record-judgement.ts'
import { leaseUnchecked, type PartitionWork } from '../../../db/partitions/partitions.ts'
import { DATASET, freshDb, NOW } from '../temp-db.ts'

const day = (dt: string, digest: string, changedAt = NOW): DayVerdict => ({
  dt,
  present: 2,
  held: 0,
  amber: 1,
  provisional: 0,
  digest,
  changedAt,
})

const KEY = { dataset: DATASET, partition: '2024' }

async function leased(db: Db, token: string): Promise<PartitionWork> {
  await db.write([
    sql`INSERT INTO partitions (dataset, partition, version, touched_at, expected, curated_version)
        VALUES (${DATASET}, '2024', 1, 0, '', 1) ON CONFLICT DO UPDATE SET version = version + 1, curated_version = version + 1`,
  ])
  return (await leaseUnchecked(db, token, NOW, NOW + 60_000)) as PartitionWork
}

const judge = async (db: Db, days: DayVerdict[], token = 'qc'): Promise<boolean> => {
  const work = await leased(db, 'qc')
  const terms = { fromDt: '2024-01-01', toDt: '2024-12-31', findings: [], red: 0, ledgerSha256: 'ledger', now: NOW }
  return recordJudgement(db, { work, token, days, ...terms })
}

const changes = async (db: Db): Promise<unknown> =>
  (await listDays(db, DATASET, '2024-01-01', '2024-12-31')).map(({ dt, digest, changedAt }) => [dt, digest, changedAt])

test('day verdicts: a judgement replaces the days, and a day that says the same keeps the instant of its last change', async () => {
  const db = await freshDb()
  await judge(db, [day('2024-07-01', 'a'), day('2024-07-02', 'b'), day('2024-07-03', 'c')])
  await judge(db, [day('2024-07-01', 'a', NOW + 5), day('2024-07-02', 'other', NOW + 5)])
  expect(await changes(db)).toEqual([
    ['2024-07-01', 'a', NOW],
    ['2024-07-02', 'other', NOW + 5],
  ])
})

test('day verdicts: a judge whose lease has passed on changes no day', async () => {
  const db = await freshDb()
  await judge(db, [day('2024-07-01', 'a')])
  const before = await changes(db)
  expect(await judge(db, [day('2024-07-02', 'late', NOW + 5)], 'another token')).toBe(false)
  expect(await changes(db)).toEqual(before)
})

test('day verdicts: days are filled in once, and only out of the fragment that is recorded', async () => {
  const db = await freshDb()
  const none = await leased(db, 'qc')
  await recordJudgement(db, {
    work: none,
    token: 'qc',
    fromDt: '2024-01-01',
    toDt: '2024-12-31',
    findings: [],
    red: 0,
    ledgerSha256: 'ledger',
    now: NOW,
  })
  expect(await partitionsWithoutDays(db, 10)).toEqual([{ ...KEY, ledgerSha256: 'ledger' }])
  await fillDays(db, { ...KEY, ledgerSha256: 'an older one' }, [day('2024-07-01', 'old')])
  expect(await changes(db)).toEqual([])
  await fillDays(db, { ...KEY, ledgerSha256: 'ledger' }, [day('2024-07-01', 'filled')])
  await fillDays(db, { ...KEY, ledgerSha256: 'ledger' }, [day('2024-07-01', 'again')])
  expect(await changes(db)).toEqual([['2024-07-01', 'filled', NOW]])
  expect(await partitionsWithoutDays(db, 10)).toEqual([])
})
