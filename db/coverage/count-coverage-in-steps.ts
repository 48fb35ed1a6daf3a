/** The same counts as countCoverage, some symbols at a time, so that the event loop turns between the statements. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { bitCount } from './bit-count.ts'
import type { CoverageCount } from './count-coverage.ts'

/** Symbols of one statement: some 24,000 months at twenty years. */
const SYMBOLS_AT_ONCE = 100

const bits = (mask: string) => sql.raw(`coalesce(sum(${bitCount(mask)}), 0)`)

/** Sorted by dataset; one without any known cell has zeros. */
export async function countCoverageInSteps(db: Db, datasets: readonly string[]): Promise<CoverageCount[]> {
  const counts: CoverageCount[] = []
  for (const dataset of [...datasets].sort()) {
    const sum: CoverageCount = { dataset, symbols: 0, present: 0, short: 0, absent: 0, held: 0 }
    for (let after = ''; ; ) {
      await new Promise<void>((resolve) => setImmediate(resolve))
      const [part] = await db.all<CoverageCount & { last: string | null }>(sql`
        SELECT count(DISTINCT symbol) AS symbols, ${bits('present')} AS present, ${bits('short')} AS short,
               ${bits('absent')} AS absent, ${bits('held')} AS held, max(symbol) AS last
        FROM coverage WHERE dataset = ${dataset} AND symbol > ${after} AND symbol <= coalesce((
          SELECT max(symbol) FROM (
            SELECT DISTINCT symbol FROM coverage WHERE dataset = ${dataset} AND symbol > ${after} ORDER BY symbol LIMIT ${SYMBOLS_AT_ONCE})), '')`)
      if (part === undefined || part.last === null) break
      for (const name of ['symbols', 'present', 'short', 'absent', 'held'] as const) sum[name] += part[name]
      after = part.last
    }
    counts.push(sum)
  }
  return counts
}
