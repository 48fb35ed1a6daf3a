/** What a vendor's account has spent at each of its hosts, what is left to each lane, and when the next call is possible. */
import { callsSpent, nextCallAt, roomOf } from '../../db/budgets/take-calls.ts'
import type { Db } from '../../db/client.ts'
import { limitsOf } from '../_catalog/account-limits.ts'
import type { Lane, VendorConnection } from '../_catalog/context.ts'
import type { Host } from '../_vendors/http.ts'

const HOSTS: readonly Host[] = ['data', 'trading']

export async function budgetsOf(db: Db, connection: VendorConnection, now: number) {
  const hosts = HOSTS.filter((host) => host === 'data' || connection.config.trading_url !== undefined)
  return await Promise.all(hosts.map((host) => budgetOf(db, connection, host, now)))
}

async function budgetOf(db: Db, connection: VendorConnection, host: Host, now: number) {
  const all = limitsOf(connection, 'today', host)
  const spent = await callsSpent(db, all.vendor, now)
  const ofLane = async (lane: Lane) => {
    const limits = limitsOf(connection, lane, host)
    const at = await nextCallAt(db, limits, now)
    return {
      callsPerMinute: limits.perMinute,
      /** Calls that could be sent at once. A vendor that asked for a pause is sent none, whatever its window holds. */
      leftNow: at === now ? Math.max(0, roomOf(limits, spent)) : 0,
      nextCallAt: at === null ? null : new Date(at).toISOString(),
    }
  }
  return {
    host,
    account: all.vendor,
    callsPerMinute: all.perMinute,
    callsPerDay: all.perDay,
    spentThisMinute: spent.minute,
    /** Those of them that went out in lane `today`: they come out of its own share first. */
    spentInLaneToday: spent.today,
    /** Those of them that were sent before the clock was set back: they count until it is past them. */
    spentAhead: spent.ahead,
    spentToday: spent.day,
    lanes: { today: await ofLane('today'), backfill: await ofLane('backfill') },
  }
}
