/** The vendors of the registry as this node may use them: connector, keys from the environment, and a metered way to ask. */
import type { Config } from '../../config/schema.ts'
import type { Db } from '../../db/client.ts'
import type { DiskRoom, VendorSeat } from '../_dispatch/desk.ts'
import { makeGet } from '../_vendors/http.ts'
import { connectorOf } from '../_vendors/registry.ts'
import type { Clock } from './clock.ts'
import { purseOf, sentCalls } from './purse.ts'
import { CLOSED_RETRY_MS, type WriteGate } from './write-gate.ts'

export interface SeatTerms {
  config: Config
  env: Record<string, string | undefined>
  db: Db
  clock: Clock
  gate: WriteGate
  disk: DiskRoom
  /** What no answer of any vendor may bring into the node's files: every key and token it knows. */
  secrets: readonly string[]
}

export function seatVendors({ config, env, db, clock, gate, disk, secrets: allSecrets }: SeatTerms): VendorSeat[] {
  const sent = sentCalls(clock.elapsed)
  return Object.entries(config.vendors).map(([name, vendor]) => {
    const connector = connectorOf(vendor.connector ?? name)
    const secrets = Object.fromEntries(connector.secrets.map((secret) => [secret, env[secret] ?? '']))
    const seat: VendorSeat = {
      name,
      config: vendor,
      connector,
      missing: connector.secrets.filter((secret) => !env[secret]),
      get: (lane) => {
        const { take, heed } = purseOf(db, clock, sent, seat, lane)
        return makeGet({
          connector,
          baseUrl: vendor.base_url,
          tradingUrl: vendor.trading_url,
          secrets,
          otherSecrets: allSecrets,
          now: clock.now,
          // No call is spent whose answer could not be written down.
          take: async (host) =>
            (await gate.objection()) === null && disk.allowsCalls()
              ? await take(host)
              : { ok: false, retryAt: clock.now() + CLOSED_RETRY_MS },
          heed,
        })
      },
    }
    return seat
  })
}
