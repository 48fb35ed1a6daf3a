/** The key of each account: noticing another one, and what its vendor thinks of it. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** An account with the vendors that use its keys. */
export interface Account {
  account: string
  vendors: readonly string[]
}

/** A vendor may refuse a key at one of its hosts and take it at the other. */
export type KeyHost = 'data' | 'trading'

export interface RefusedKey {
  account: string
  host: KeyHost
  refusedAt: number
}

const COLUMNS = { data: sql`refused_at`, trading: sql`trading_refused_at` } as const

const named = ({ vendors }: Account): SQL => sql`(SELECT value FROM json_each(${JSON.stringify(vendors)}))`

/** Opens the circuits that a refusal closed, and those alone: a pause that a vendor asked for stands. */
const reopen = (of: Account, where: SQL): SQL =>
  sql`UPDATE circuits SET failures = 0, blocked_until = 0 WHERE vendor IN ${named(of)}
        AND EXISTS (SELECT 1 FROM vendor_keys WHERE account = ${of.account} AND refused_at IS NOT NULL AND ${where})`

/**
 * Notes the key an account is used with. Returns true where it is another one than before: whatever its vendors refused before is forgotten then,
 * because it was said to that key. The evidence keeps its counts. Reads all evidence in that case, which happens when a person changes a key.
 */
export async function noteKey(db: Db, of: Account, fingerprint: string, now: number): Promise<boolean> {
  const isOther = sql`EXISTS (SELECT 1 FROM vendor_keys WHERE account = ${of.account} AND fingerprint <> ${fingerprint})`
  const results = await db.write([
    sql`DELETE FROM demotions WHERE vendor IN ${named(of)} AND outcome = 'not_entitled' AND ${isOther}`,
    sql`UPDATE absences SET recheck_at = ${now} WHERE reason = 'NOT_ENTITLED' AND recheck_at > ${now} AND ${isOther} AND EXISTS (
          SELECT 1 FROM attempts a WHERE a.dataset = absences.dataset AND a.dt = absences.dt AND a.symbol = absences.symbol
            AND a.vendor IN ${named(of)} AND a.outcome = 'not_entitled')`,
    sql`UPDATE attempts SET ask_again_at = ${now}
        WHERE vendor IN ${named(of)} AND outcome = 'not_entitled' AND ask_again_at > ${now} AND ${isOther}`,
    // The next claim puts these into the bucket they now belong to.
    sql`UPDATE gap_tasks SET next_at = min(next_at, ${now}), blocked_until = ${now}
        WHERE state = 'queued' AND blocked_until > ${now} AND last_outcome = 'not_entitled' AND ${isOther}`,
    reopen(of, sql`fingerprint <> ${fingerprint}`),
    sql`UPDATE vendor_keys SET fingerprint = ${fingerprint}, refused_at = NULL, trading_refused_at = NULL
        WHERE account = ${of.account} AND fingerprint <> ${fingerprint} RETURNING account`,
    sql`INSERT INTO vendor_keys (account, fingerprint) VALUES (${of.account}, ${fingerprint}) ON CONFLICT DO NOTHING`,
  ])
  return (results[5]?.length ?? 0) > 0
}

/** A host refuses the account's key. Where it is the data host, none of the account's vendors is sent anything before `until`. */
export async function noteRefusal(
  db: Db,
  of: Account,
  host: KeyHost,
  { why, until, now }: { why: string; until: number; now: number },
): Promise<void> {
  const column = COLUMNS[host]
  await db.write([
    sql`INSERT INTO vendor_keys (account, fingerprint, ${column}) VALUES (${of.account}, '', ${now})
        ON CONFLICT DO UPDATE SET ${column} = coalesce(${column}, excluded.${column})`,
    ...(host === 'trading'
      ? []
      : [
          sql`INSERT INTO circuits (vendor, failures, blocked_until, why) SELECT value, 0, ${until}, ${why}
              FROM json_each(${JSON.stringify(of.vendors)}) WHERE true
              ON CONFLICT DO UPDATE SET blocked_until = max(blocked_until, excluded.blocked_until), why = excluded.why`,
        ]),
  ])
}

/** A host takes the account's key: what it refused until now is over. */
export async function noteAcceptance(db: Db, of: Account, host: KeyHost): Promise<void> {
  await db.write([
    ...(host === 'trading' ? [] : [reopen(of, sql`true`)]),
    sql`UPDATE vendor_keys SET ${COLUMNS[host]} = NULL WHERE account = ${of.account} AND ${COLUMNS[host]} IS NOT NULL`,
  ])
}

/** The accounts whose keys are refused, with the hosts that refuse them. */
export const listRefusedKeys = (db: Db): Promise<RefusedKey[]> =>
  db.all<RefusedKey>(sql`
    SELECT account, 'data' AS host, refused_at AS refusedAt FROM vendor_keys WHERE refused_at IS NOT NULL
    UNION ALL
    SELECT account, 'trading', trading_refused_at FROM vendor_keys WHERE trading_refused_at IS NOT NULL
    ORDER BY account, host`)
