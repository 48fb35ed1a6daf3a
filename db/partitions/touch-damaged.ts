/** Files found not to be those that were recorded: their partitions are made again. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface DamagedPartition {
  dataset: string
  partition: string
  /** What is damaged: the curated file is made again and judged, a ledger fragment is only judged again. */
  what: 'curated' | 'ledger'
  /** The digest that the file should have had: nothing happens to a partition that has another one recorded by now. */
  sha256: string
}

/** One transition, safe to repeat: a partition that waits for its curation already stays as it is. Returns how many there were to make again. */
export async function touchDamaged(db: Db, damaged: readonly DamagedPartition[], now: number): Promise<number> {
  if (damaged.length === 0) return 0
  const found = JSON.stringify(damaged)
  const among = (what: DamagedPartition['what'], column: string) => sql`(dataset, partition, ${sql.raw(column)}) IN (
    SELECT value->>'dataset', value->>'partition', value->>'sha256' FROM json_each(${found}) WHERE value->>'what' = ${what})`
  const results = await db.write([
    sql`UPDATE partitions SET ledger_sha256 = NULL WHERE ${among('ledger', 'ledger_sha256')} RETURNING partition`,
    sql`UPDATE partitions SET version = version + 1, touched_at = ${now}
        WHERE version = curated_version AND ${among('curated', 'curated_sha256')} RETURNING partition`,
  ])
  return results.reduce((sum, rows) => sum + rows.length, 0)
}
