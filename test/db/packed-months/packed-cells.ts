/** Delivered cells as a settlement leaves them, for tests of packed months. */
import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Db } from '../../../db/client.ts'
import { enqueueTasks } from '../../../db/gap-tasks/enqueue-tasks.ts'
import { claim, DATASET, NOW, newTask, settle, settlement, tasksIn } from '../temp-db.ts'

/** No month before it is re-read any more. */
export const OPEN_MONTH = '2024-06'
export const DTS = ['2024-03-28', '2024-04-01', '2024-04-02', '2024-04-30']

/** Digests as the lake makes them: 64 digits. */
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')
export const keptOf = (symbol: string, dt: string): string => digestOf(`${symbol} ${dt}`).slice(0, 32)

/** Asks a vendor for cells and settles them as filled. */
export async function deliver(
  db: Db,
  symbols: readonly string[],
  dts: readonly string[] = DTS,
  vendor = 'alpaca',
  now = NOW,
): Promise<void> {
  const cells = symbols.flatMap((symbol) => dts.map((dt) => ({ symbol, dt })))
  await enqueueTasks(
    db,
    DATASET,
    cells.map(({ symbol, dt }) => newTask(symbol, dt)),
    now,
  )
  const open = (await tasksIn(db)).filter(({ state }) => state === 'queued')
  const token = `${vendor} ${now}`
  await claim(
    db,
    open.map(({ id }) => id),
    token,
    { vendor, now, leaseExpiresAt: now + 60_000 },
  )
  const settlements = open.map(({ id, symbol, dt }) =>
    settlement(id, symbol, dt, { digest: digestOf(`${symbol} ${dt}`), rows: 390 }),
  )
  await settle(db, token, settlements, { vendor, now })
}

export const countOf = async (db: Db, table: string): Promise<number> => {
  const [row] = await db.all<{ rows: number }>(sql`SELECT count(*) AS rows FROM ${sql.identifier(table)}`)
  return row!.rows
}
