/** What the newest judgement said of each day: replaced with the judgement, filled in where an older version of this program judged, read. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { PartitionKey } from '../partitions/partitions.ts'

export interface DayVerdict {
  dt: string
  present: number
  held: number
  amber: number
  provisional: number
  digest: string
  /** Epoch ms. */
  changedAt: number
}

/** Replaces what is known of the days of a partition; a day whose digest is the same keeps the instant of its last change. Part of the write that ends a judgement; `guard` says that its lease holds. */
export function replaceDays({ dataset, partition }: PartitionKey, days: readonly DayVerdict[], guard: SQL): SQL[] {
  const list = JSON.stringify(days)
  return [
    sql`DELETE FROM day_verdicts WHERE dataset = ${dataset} AND partition = ${partition}
        AND dt NOT IN (SELECT value->>'dt' FROM json_each(${list})) AND ${guard}`,
    sql`${insertDays(dataset, partition, list)} WHERE ${guard}
        ON CONFLICT DO UPDATE SET partition = excluded.partition, present = excluded.present, held = excluded.held, amber = excluded.amber,
          provisional = excluded.provisional, digest = excluded.digest,
          changed_at = CASE WHEN day_verdicts.digest = excluded.digest THEN day_verdicts.changed_at ELSE excluded.changed_at END`,
  ]
}

/** Partitions that were judged before days were counted, oldest first. */
export const partitionsWithoutDays = (
  db: Db,
  limit: number,
): Promise<{ dataset: string; partition: string; ledgerSha256: string }[]> =>
  db.all(sql`
    SELECT p.dataset, p.partition, p.ledger_sha256 AS ledgerSha256 FROM partitions p
    WHERE p.retired_at IS NULL AND p.ledger_sha256 IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM day_verdicts d WHERE d.dataset = p.dataset AND d.dt BETWEEN p.partition AND p.partition || '~')
    ORDER BY p.dataset, p.partition LIMIT ${limit}`)

/** Records the days of a fragment that is still the recorded one. What a judgement wrote meanwhile stays. */
export async function fillDays(
  db: Db,
  { dataset, partition, ledgerSha256 }: PartitionKey & { ledgerSha256: string },
  days: readonly DayVerdict[],
): Promise<void> {
  if (days.length === 0) return
  await db.write([
    sql`${insertDays(dataset, partition, JSON.stringify(days))} WHERE EXISTS (SELECT 1 FROM partitions
          WHERE dataset = ${dataset} AND partition = ${partition} AND ledger_sha256 = ${ledgerSha256})
        ON CONFLICT DO NOTHING`,
  ])
}

const insertDays = (dataset: string, partition: string, list: string): SQL => sql`
  INSERT INTO day_verdicts (dataset, dt, partition, present, held, amber, provisional, digest, changed_at)
  SELECT ${dataset}, value->>'dt', ${partition}, value->>'present', value->>'held', value->>'amber', value->>'provisional',
         value->>'digest', value->>'changedAt'
  FROM json_each(${list})`

/** Those between two days, both inclusive, by day. */
export const listDays = (db: Db, dataset: string, fromDt: string, toDt: string): Promise<DayVerdict[]> =>
  db.all(sql`
    SELECT dt, present, held, amber, provisional, digest, changed_at AS changedAt FROM day_verdicts
    WHERE dataset = ${dataset} AND dt BETWEEN ${fromDt} AND ${toDt} ORDER BY dt`)
