/** What a ledger's fragment says of each day, counted. */
import type { Lake } from '../_lake/lake.ts'
import type { Dt } from '../_market/dt.ts'
import { ledgerRowsSql } from './ledger.ts'

export interface FragmentDay {
  dt: Dt
  /** Cells with rows; of these, those that are held, and those that are AMBER. */
  present: number
  held: number
  amber: number
  provisional: number
  /** The same for the same cells with the same rows and verdicts, in whatever order they stand. */
  digest: string
  /** Epoch ms: when the fragment was judged. */
  changedAt: number
}

/** By day. A fragment keeps its bytes where a judgement comes to the same rows, and so its instant. */
export const daysOfFragment = (lake: Lake, fragment: string): Promise<FragmentDay[]> =>
  lake.duck.all<FragmentDay & Record<string, unknown>>(
    `SELECT dt, count(*) FILTER (WHERE "rows" > 0) AS present, count(*) FILTER (WHERE "rows" > 0 AND status = 'RED') AS held,
       count(*) FILTER (WHERE "rows" > 0 AND status = 'AMBER') AS amber, count(*) FILTER (WHERE provisional) AS provisional,
       bit_xor(md5_number(concat(symbol, ' ', status, ' ', "rows", ' ', digest)))::VARCHAR AS digest,
       epoch_ms(max(checked_at)) AS "changedAt"
     FROM ${ledgerRowsSql([fragment])} GROUP BY dt ORDER BY dt`,
  )
