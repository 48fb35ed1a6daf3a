/** The vendors of the registry as this node may use them: connector, keys from the environment, and a metered way to ask. */
import type { Config } from '../../config/schema.ts'
import type { Db } from '../../db/client.ts'
import type { DiskRoom, VendorConnection } from '../_catalog/context.ts'
import type { Clock } from '../_http/node.ts'
import { CLOSED_RETRY_MS, type WriteGate } from '../_http/write-gate.ts'
import { makeGet } from '../_vendors/http.ts'
import { connectorOf } from '../_vendors/registry.ts'
import { keyVerdicts } from './key-verdicts.ts'
import { localWindow, rateLimiterOf } from './rate-limiter.ts'

export interface ConnectTerms {
  config: Config
  env: Record<string, string | undefined>
  db: Db
  clock: Clock
  gate: WriteGate
  disk: DiskRoom
  /** What no answer of any vendor may bring into the node's files: every key and token it knows. */
  secrets: readonly string[]
}

export function connectVendors({
  config,
  env,
  db,
  clock,
  gate,
  disk,
  secrets: allSecrets,
}: ConnectTerms): VendorConnection[] {
  const sent = localWindow(clock.elapsed)
  const verdicts = keyVerdicts(db, config, clock.now)
  return Object.entries(config.vendors).flatMap(([name, entry]) => {
    if (entry.enabled === false) return []
    const asked = Object.entries(entry.datasets).filter(([, { enabled }]) => enabled !== false)
    const vendor = { ...entry, datasets: Object.fromEntries(asked) }
    const connector = connectorOf(vendor.connector ?? name)
    const secrets = Object.fromEntries(connector.secrets.map((secret) => [secret, env[secret] ?? '']))
    const connection: VendorConnection = {
      name,
      config: vendor,
      connector,
      missing: connector.secrets.filter((secret) => !env[secret]),
      get: (lane) => {
        const { acquire, onHeaders } = rateLimiterOf(db, clock, sent, connection, lane)
        return makeGet({
          connector,
          baseUrl: vendor.base_url,
          tradingUrl: vendor.trading_url,
          secrets,
          otherSecrets: allSecrets,
          now: clock.now,
          // No call is spent whose answer could not be written down.
          acquire: async (host) =>
            (await gate.objection()) === null && disk.allowsCalls()
              ? await acquire(host)
              : { ok: false, retryAt: clock.now() + CLOSED_RETRY_MS },
          onHeaders,
          onKey: (host, refusal) => verdicts.note(connection, host, refusal),
        })
      },
    }
    return connection
  })
}
