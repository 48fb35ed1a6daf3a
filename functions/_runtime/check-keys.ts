/** The keys of the vendors' accounts: noticing that one was changed, and trying each once when the node starts. */
import { createHmac } from 'node:crypto'
import { noteKey } from '../../db/vendor-keys/vendor-keys.ts'
import { accountOf } from '../_catalog/account-limits.ts'
import type { VendorConnection } from '../_catalog/context.ts'
import type { Node } from '../_http/node.ts'
import { VendorError } from '../_vendors/vendor.ts'

type Environment = Record<string, string | undefined>

/** Hex digits of a fingerprint: enough to tell two keys apart. */
const FINGERPRINT_LENGTH = 16

/** The vendors that may be called at all with the keys there are, by account; vendors of an account share its keys. */
function accountsOf({ vendors }: Pick<Node, 'vendors'>): Map<string, VendorConnection[]> {
  const accounts = new Map<string, VendorConnection[]>()
  for (const connection of vendors) {
    const { calls_per_minute, calls_per_day } = connection.config
    if (connection.missing.length > 0 || calls_per_minute === 0 || calls_per_day === 0) continue
    const account = accountOf(connection)
    accounts.set(account, [...(accounts.get(account) ?? []), connection])
  }
  return accounts
}

/** Forgets what vendors refused to an earlier key. `volume` keys the hash: a fingerprint tells nothing to who has none of this node's files. */
export async function noteKeys(node: Node, env: Environment, volume: string): Promise<void> {
  for (const [account, connections] of accountsOf(node)) {
    const { secrets } = (connections[0] as VendorConnection).connector
    const fingerprint = createHmac('sha256', volume)
      .update(JSON.stringify(secrets.map((name) => env[name])))
      .digest('hex')
      .slice(0, FINGERPRINT_LENGTH)
    const vendors = connections.map(({ name }) => name)
    if (await noteKey(node.db, { account, vendors }, fingerprint, node.now())) {
      node.log('start.key_changed', { account, variables: secrets.join(', ') })
    }
  }
}

/**
 * Tries the key of each account with one call, which the rate limiter counts like any other. A network that fails, or a budget that is spent, says
 * nothing about a key. Bounded like every request; nobody need wait for it. What it finds is a reason of the node's health.
 */
export async function checkKeys(node: Node): Promise<void> {
  await Promise.all(
    [...accountsOf(node)].map(([account, [first]]) => checkKey(node, account, first as VendorConnection)),
  )
  await node.health.reasons()
}

async function checkKey(node: Node, account: string, connection: VendorConnection): Promise<void> {
  const { connector, get } = connection
  try {
    await get('today')(connector.keyCheck)
    node.log('start.key_accepted', { account })
  } catch (error) {
    // A refusal is noted with its answer, and a reason of the node's health.
    if (!(error instanceof VendorError && error.refusesKey)) node.log('start.key_check_failed', { account, error })
  }
}
