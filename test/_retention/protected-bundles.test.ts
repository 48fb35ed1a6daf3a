import { beforeEach, describe, expect, test } from 'vitest'
import { recordAck } from '../../db/acks/record-ack.ts'
import type { Db } from '../../db/client.ts'
import { recordExport } from '../../db/exports/exports.ts'
import { protectedBundles } from '../../functions/_retention/protected-bundles.ts'
import { freshDb } from '../db/temp-db.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 30)
const GRACE_DAYS = 7

let db: Db
beforeEach(async () => {
  db = await freshDb()
  for (const [asof, age] of [
    ['2026-10-01', 60],
    ['2026-10-02', 59],
    ['2026-11-02', 28],
    ['2026-11-20', 9],
  ] as const)
    await recordExport(db, { asof, madeAt: NOW - age * DAY, digest: 'd', files: 1, bytes: 1 })
})

const acknowledge = (asof: string, at: number): Promise<boolean> =>
  recordAck(db, { asof, puller: 'box', at, digest: '', files: 1, rows: 1, bytes: 1, missed: 0 })
const found = async (): Promise<string[]> => [...(await protectedBundles(db, NOW, GRACE_DAYS))].sort()

describe('protected bundles', () => {
  test('are the newest one, however old it is', async () => {
    expect(await found()).toEqual(['2026-11-20'])
  })

  test('are those made within the grace period: whoever pulls them may not have come to it', async () => {
    await recordExport(db, { asof: '2026-10-02', madeAt: NOW - 6 * DAY, digest: 'e', files: 1, bytes: 1 })
    expect(await found()).toEqual(['2026-10-02', '2026-11-20'])
  })

  test('are those that somebody acknowledged within the grace period, and no longer', async () => {
    await acknowledge('2026-10-01', NOW - 2 * DAY)
    await acknowledge('2026-11-02', NOW - 8 * DAY)
    expect(await found()).toEqual(['2026-10-01', '2026-11-20'])
  })
})
