/** Keeps samples of what did not parse; one that was seen before is counted, and the oldest beyond the bound are forgotten. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface Sample {
  vendor: string
  dataset: string
  /** The cell; null where the whole plan was answered with it. */
  symbol: string | null
  dt: string | null
  outcome: string
  /** HTTP status; null where there was none. */
  status: number | null
  message: string
  sample: string | null
}

/** Rows of all vendors together. */
const MOST_ROWS = 1000

/** One write. The same message about the same cell stays one row: its newest sample, its newest instant, how often it came. */
export async function keepSamples(db: Db, samples: readonly Sample[], now: number): Promise<void> {
  if (samples.length === 0) return
  await db.write([
    sql`INSERT INTO quarantine (vendor, dataset, symbol, dt, at, outcome, status, message, sample, times)
        SELECT value->>'vendor', value->>'dataset', coalesce(value->>'symbol', ''), coalesce(value->>'dt', ''), ${now},
               value->>'outcome', value->>'status', value->>'message', value->>'sample', 1
        FROM json_each(${JSON.stringify(samples)}) WHERE true
        ON CONFLICT (vendor, dataset, symbol, dt, message) DO UPDATE SET at = excluded.at, outcome = excluded.outcome,
          status = excluded.status, sample = excluded.sample, times = times + 1`,
    sql`DELETE FROM quarantine WHERE id IN
          (SELECT id FROM quarantine ORDER BY at DESC, id DESC LIMIT -1 OFFSET ${sql.raw(String(MOST_ROWS))})`,
  ])
}
