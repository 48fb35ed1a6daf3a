/** What vendors think of the keys, noted with every answer: a refused key closes its account for a while, an accepted one opens it again. */
import type { Config } from '../../config/schema.ts'
import type { Db } from '../../db/client.ts'
import { type Account, type KeyHost, noteAcceptance, noteRefusal } from '../../db/vendor-keys/vendor-keys.ts'
import { accountOf } from '../_catalog/account-limits.ts'
import type { VendorConnection } from '../_catalog/context.ts'
import { KEY_RETRY_MS } from '../_dispatch/refused-key.ts'

/** What a vendor said is kept this long at the most. */
const WHY_LENGTH = 300

type Connection = Pick<VendorConnection, 'name' | 'config'>

export interface KeyVerdicts {
  /** `refusal` is what the vendor said; null where it took the key. */
  note(connection: Connection, host: KeyHost, refusal: string | null): Promise<void>
}

export function keyVerdicts(db: Db, config: Config, now: () => number): KeyVerdicts {
  /** Hosts that took the key since this process began: nearly every answer is one of a key that is known to be good. */
  const accepted = new Set<string>()

  return {
    async note(connection, host, refusal) {
      const of = accountWith(config, accountOf(connection))
      const place: KeyHost = connection.config.trading_url === undefined ? 'data' : host
      const key = `${of.account} ${place}`
      if (refusal !== null) {
        accepted.delete(key)
        const why = refusal.slice(0, WHY_LENGTH)
        return await noteRefusal(db, of, place, { why, until: now() + KEY_RETRY_MS, now: now() })
      }
      if (accepted.has(key)) return
      await noteAcceptance(db, of, place)
      accepted.add(key)
    },
  }
}

/** The account with all vendors that use its keys. */
const accountWith = ({ vendors }: Config, account: string): Account => ({
  account,
  vendors: Object.entries(vendors)
    .filter(([name, config]) => accountOf({ name, config }) === account)
    .map(([name]) => name),
})
