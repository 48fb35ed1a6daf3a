/** Account limits: the calls that a vendor may be sent in one lane, and what is left of them for one more plan. */
import { callsSpent, type Limits, roomOf } from '../../db/budgets/take-calls.ts'
import type { Host } from '../_vendors/http.ts'
import type { DatasetSource } from './catalog.ts'
import type { DispatchContext, Lane } from './context.ts'

/** A plan waits no longer than this for its next call: after that, its remaining cells are better queued again. Milliseconds. */
export const MAX_WAIT_MS = 5_000

/** The vendor entry whose keys and rate limits an entry uses: its own, unless it names another. */
export const accountOf = ({ name, config }: Pick<DatasetSource['connection'], 'name' | 'config'>): string =>
  config.account ?? name

/**
 * A vendor's limits at one of its hosts as one lane may use them: lane `backfill` leaves the share reserved for `today` untouched. Vendors
 * of one account share one rate limit. A host with its own URL has its own rate limit.
 */
export function limitsOf(
  connection: Pick<DatasetSource['connection'], 'name' | 'config'>,
  lane: Lane,
  host: Host = 'data',
): Limits {
  const { calls_per_minute, calls_per_day, today_share, trading_url } = connection.config
  const reserved = lane === 'today' ? 0 : Math.floor(calls_per_minute * today_share)
  // However large the share, backfill keeps one call a minute, if there is any at all.
  const perMinute = Math.max(Math.min(1, calls_per_minute), calls_per_minute - reserved)
  const owner = accountOf(connection)
  const vendor = host === 'trading' && trading_url !== undefined ? `${owner}.trading` : owner
  const limits = { vendor, perMinute, perDay: calls_per_day }
  return lane === 'today' ? { ...limits, isToday: true } : { ...limits, reserved: calls_per_minute - perMinute }
}

/** What a plan may count on: calls that are free now or within the longest wait of a page, less those that other plans mean to send. */
export async function callsLeft(context: DispatchContext, limits: Limits): Promise<number> {
  const spent = await callsSpent(context.db, limits.vendor, context.now() + MAX_WAIT_MS)
  return roomOf(limits, spent) - context.reservations.reserved(limits.vendor)
}
