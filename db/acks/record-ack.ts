/** A puller says that it has a bundle: the one statement that writes acks. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { acks } from './table.ts'

export type Ack = typeof acks.$inferSelect

/** Rows are kept so long. */
const KEPT_MS = 400 * 86_400_000
/** Names of pullers per bundle: whoever may only read must not fill the database. */
const MOST_PULLERS = 32

/** The same said again changes nothing. False where the bundle has too many pullers to take a new one. */
export async function recordAck(db: Db, ack: Ack): Promise<boolean> {
  const { asof, puller, at, digest, files, rows, bytes, missed } = ack
  const [, written = []] = await db.write([
    sql`DELETE FROM acks WHERE at < ${at - KEPT_MS}`,
    sql`INSERT INTO acks (asof, puller, at, digest, files, rows, bytes, missed)
        SELECT ${asof}, ${puller}, ${at}, ${digest}, ${files}, ${rows}, ${bytes}, ${missed}
        WHERE (SELECT count(*) FROM acks WHERE asof = ${asof} AND puller <> ${puller}) < ${MOST_PULLERS}
        ON CONFLICT (asof, puller) DO UPDATE SET
          at = CASE WHEN (digest, files, rows, bytes, missed)
                       = (excluded.digest, excluded.files, excluded.rows, excluded.bytes, excluded.missed)
                    THEN at ELSE excluded.at END,
          digest = excluded.digest, files = excluded.files, rows = excluded.rows, bytes = excluded.bytes, missed = excluded.missed
        RETURNING 1`,
  ])
  return written.length > 0
}
