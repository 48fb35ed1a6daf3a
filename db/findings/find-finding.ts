/** What QC found about one cell; undefined where it found nothing to say, or has not looked. */
import { and, eq } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { findings } from './table.ts'

/** `flags` joined by commas, `numbers` as JSON, `checkedAt` epoch ms. */
export type KeptFinding = typeof findings.$inferSelect

export async function findFinding(
  db: Db,
  dataset: string,
  symbol: string,
  dt: string,
): Promise<KeptFinding | undefined> {
  const [row] = await db.orm
    .select()
    .from(findings)
    .where(and(eq(findings.dataset, dataset), eq(findings.symbol, symbol), eq(findings.dt, dt)))
  return row
}
