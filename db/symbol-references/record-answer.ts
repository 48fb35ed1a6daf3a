/** Keeps a vendor's answer about symbols, and counts the call. What an answer does not state stays as it was: a missing row proves nothing. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { countCall } from '../reference-checks/count-call.ts'
import type { EarlierTicker } from './table.ts'

/** Each question's column of the newest answer. */
const ASKED_AT = {
  listed: 'listed_asked_at',
  delisted: 'delisted_asked_at',
  details: 'details_asked_at',
  names: 'names_asked_at',
} as const

export interface ReferenceStatement {
  symbol: string
  isListed?: boolean
  name?: string
  type?: string
  exchange?: string
  compositeFigi?: string
  cik?: string
  listedFrom?: string
  delistedOn?: string
  earlierTickers?: EarlierTicker[]
}

export interface ReferenceAnswer {
  vendor: string
  question: keyof typeof ASKED_AT
  /** The as-of day of the night. */
  asof: string
  /** One for every symbol that was answered. */
  statements: readonly ReferenceStatement[]
}

export async function recordAnswer(db: Db, answer: ReferenceAnswer, now: number): Promise<void> {
  await db.write([upsert(answer, now), countCall({ ...answer, error: null }, now)])
}

/** A delisting that is stated again with the same day keeps the instant at which it was stated first. */
const upsert = ({ vendor, question, statements }: ReferenceAnswer, now: number): SQL => {
  const askedAt = sql.identifier(ASKED_AT[question])
  const stated = sql`CASE WHEN value->>'delistedOn' IS NULL THEN NULL ELSE ${now} END`
  return sql`
    INSERT INTO symbol_references (vendor, symbol, is_listed, name, type, exchange, composite_figi, cik, listed_from, delisted_on,
      delisted_first_stated_at, delisted_stated_at, event_tickers, ${askedAt})
    SELECT ${vendor}, value->>'symbol', value->>'isListed', value->>'name', value->>'type', value->>'exchange', value->>'compositeFigi',
      value->>'cik', value->>'listedFrom', value->>'delistedOn', ${stated}, ${stated}, value->'earlierTickers', ${now}
    FROM json_each(${JSON.stringify(statements)}) WHERE true
    ON CONFLICT DO UPDATE SET ${askedAt} = excluded.${askedAt},
      is_listed = coalesce(excluded.is_listed, is_listed), name = coalesce(excluded.name, name), type = coalesce(excluded.type, type),
      exchange = coalesce(excluded.exchange, exchange), composite_figi = coalesce(excluded.composite_figi, composite_figi),
      cik = coalesce(excluded.cik, cik), listed_from = coalesce(excluded.listed_from, listed_from),
      event_tickers = coalesce(excluded.event_tickers, event_tickers),
      delisted_first_stated_at = CASE WHEN excluded.delisted_on IS NULL OR excluded.delisted_on = delisted_on
        THEN coalesce(delisted_first_stated_at, excluded.delisted_first_stated_at) ELSE excluded.delisted_first_stated_at END,
      delisted_stated_at = coalesce(excluded.delisted_stated_at, delisted_stated_at),
      delisted_on = coalesce(excluded.delisted_on, delisted_on)`
}
