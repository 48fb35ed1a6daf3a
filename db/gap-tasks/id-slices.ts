/** The queue in slices of its ids: a walk in the order of the table needs no index and sorts nothing large, and the event loop turns in between. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** Ids one statement walks over: some ten milliseconds. */
const IDS_AT_ONCE = 20_000

/** `WHERE …` over gap_tasks as t, once for each slice; to be read with `NOT INDEXED`. */
export async function* idSlices(db: Db): AsyncGenerator<SQL> {
  const [first] = await db.all<{ id: number | null }>(sql`SELECT min(id) AS id FROM gap_tasks`)
  const [last] = await db.all<{ id: number | null }>(sql`SELECT max(id) AS id FROM gap_tasks`)
  for (let id = first?.id ?? 1; id <= (last?.id ?? 0); id += IDS_AT_ONCE) {
    yield sql`t.id >= ${id} AND t.id < ${id + IDS_AT_ONCE}`
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}
