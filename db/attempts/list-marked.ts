/** Versions that are marked with a flag: few, where there are any, and none of them packed. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { keptDigest } from './kept-digest.ts'

/** Accepted versions of a range of days that stand refused for this flag, alone or with others. */
export const listMarked = (
  db: Db,
  dataset: string,
  fromDt: string,
  toDt: string,
  flag: string,
): Promise<{ vendor: string; symbol: string; dt: string; digest: string | null }[]> =>
  db.all(sql`
    SELECT vendor, symbol, dt, ${keptDigest(sql`digest`)} AS digest FROM attempts
    WHERE dataset = ${dataset} AND dt BETWEEN ${fromDt} AND ${toDt} AND refused_for IS NOT NULL
      AND instr(',' || refused_for || ',', ${`,${flag},`}) > 0`)
