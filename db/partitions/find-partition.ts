/** How far one partition has come: touched, curated, judged. Undefined where it is not known, or retired. */
import { and, eq, getTableColumns, isNull } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { partitions } from './table.ts'

/** The lease's token is a right and stays where it is; the fingerprint of the expected cells says nothing to a reader. */
const {
  leaseToken: _token,
  expected: _expected,
  retiredAt: _retired,
  contextVersion: _context,
  checkedContext: _checked,
  seenBefore: _before,
  seenAfter: _after,
  seenSplits: _splits,
  ruleset: _ruleset,
  ...shown
} = getTableColumns(partitions)

/** Instants are epoch ms. */
export type KnownPartition = Pick<typeof partitions.$inferSelect, keyof typeof shown>

export async function findPartition(db: Db, dataset: string, partition: string): Promise<KnownPartition | undefined> {
  const [row] = await db.orm
    .select(shown)
    .from(partitions)
    .where(and(eq(partitions.dataset, dataset), eq(partitions.partition, partition), isNull(partitions.retiredAt)))
  return row
}
