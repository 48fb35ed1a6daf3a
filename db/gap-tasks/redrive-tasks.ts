/** Gives stalled tasks all their attempts again, because a person has looked: what they failed for may be repaired. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** Which stalled tasks; what is left out, or an empty list, does not narrow. Days are inclusive. */
export interface RedriveFilter {
  dataset?: string
  symbols?: readonly string[]
  fromDt?: string
  toDt?: string
  ids?: readonly number[]
}

/** Tasks given back by one call, so that it stays short. */
const BATCH = 20_000

/**
 * Returns how many tasks are queued again, and whether there are more. Their vendors may be asked at once, also those that had been
 * put off for failing; what a vendor said it will not serve still stands. The evidence keeps its counts.
 */
export async function redriveTasks(
  db: Db,
  filter: RedriveFilter,
  now: number,
): Promise<{ redriven: number; more: boolean }> {
  const chosen = sql`(SELECT t.id, t.dataset, t.symbol, t.dt FROM gap_tasks t
    WHERE t.state = 'stalled' ${narrowedBy(filter)} ORDER BY t.dataset, t.symbol, t.dt LIMIT ${BATCH})`
  const results = await db.write([
    // Reads what is stalled, so the tasks themselves come last.
    sql`DELETE FROM absences WHERE reason = 'GIVEN_UP' AND (dataset, symbol, dt) IN (SELECT dataset, symbol, dt FROM ${chosen})`,
    sql`UPDATE attempts SET ask_again_at = ${now} WHERE ask_again_at > ${now} AND outcome IN ('malformed', 'unavailable')
          AND (dataset, symbol, dt) IN (SELECT dataset, symbol, dt FROM ${chosen})`,
    sql`UPDATE gap_tasks SET state = 'queued', attempts = 0, next_at = ${now}, last_outcome = 'redriven', updated_at = ${now},
          blocked_for = '', blocked_until = NULL
        WHERE id IN (SELECT id FROM ${chosen}) RETURNING id`,
  ])
  const redriven = results[2]?.length ?? 0
  return { redriven, more: redriven === BATCH }
}

function narrowedBy({ dataset, symbols = [], fromDt, toDt, ids = [] }: RedriveFilter): SQL {
  const among = (values: readonly (string | number)[]): SQL =>
    sql`(SELECT value FROM json_each(${JSON.stringify(values)}))`
  const rules = [
    ...(dataset === undefined ? [] : [sql`AND t.dataset = ${dataset}`]),
    ...(symbols.length === 0 ? [] : [sql`AND t.symbol IN ${among(symbols)}`]),
    ...(fromDt === undefined ? [] : [sql`AND t.dt >= ${fromDt}`]),
    ...(toDt === undefined ? [] : [sql`AND t.dt <= ${toDt}`]),
    ...(ids.length === 0 ? [] : [sql`AND t.id IN ${among(ids)}`]),
  ]
  return sql.join(rules, sql` `)
}
