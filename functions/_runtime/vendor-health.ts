/** What keeps the vendors from serving the datasets: no vendor, no key, a refused key, a vendor that is out, a session that nobody has. */
import { type Circuit, FAILURES_TO_OPEN, listCircuits } from '../../db/circuits/circuits.ts'
import { listOpenIncidents } from '../../db/incidents/list-incidents.ts'
import { listRefusedKeys, type RefusedKey } from '../../db/vendor-keys/vendor-keys.ts'
import { accountOf } from '../_catalog/account-limits.ts'
import { datasetsOf, sourcesFor } from '../_catalog/catalog.ts'
import type { VendorConnection } from '../_catalog/context.ts'
import type { Reason } from '../_http/health.ts'
import type { Node } from '../_http/node.ts'
import { missingKeysText } from './missing-keys.ts'

/** A vendor that asks for so long a pause is out. */
const OUT_MS = 5 * 60_000
/** The circuit opens for one minute, then for two at a time: after so many failures in a row it has been open for more than five minutes. */
const FAILURES_OUT = FAILURES_TO_OPEN + 3

type Watched = Pick<Node, 'config' | 'vendors' | 'db' | 'now'>

export async function vendorReasons(node: Watched): Promise<Reason[]> {
  const refused = await listRefusedKeys(node.db)
  const refusedAccounts = new Set(refused.flatMap(({ account, host }) => (host === 'data' ? [account] : [])))
  const isRefused = (vendor: string): boolean =>
    node.vendors.some((one) => one.name === vendor && refusedAccounts.has(accountOf(one)))
  return [
    ...datasetsOf(node.config).flatMap(({ dataset }) =>
      sourcesFor(node, dataset).length > 0 ? [] : [unserved(node, dataset)],
    ),
    ...refused.flatMap((refusal) => refusalOf(node, refusal)),
    ...(await listCircuits(node.db)).flatMap((circuit) => (isRefused(circuit.vendor) ? [] : outageOf(node, circuit))),
    ...(await incidentReasons(node)),
  ]
}

/** A dataset that nobody can be asked for: its vendors lack their keys, or it has none. */
function unserved({ vendors }: Watched, dataset: string): Reason {
  const able = vendors.filter(({ config }) => {
    const terms = config.datasets[dataset as keyof typeof config.datasets]
    return terms?.entitled && config.calls_per_minute > 0 && config.calls_per_day !== 0
  })
  if (able.length === 0) {
    return {
      code: 'no_vendor',
      about: dataset,
      what: `no vendor serves ${dataset}`,
      todo: `list it, entitled and enabled, under a vendor in config/vendor_capabilities.yaml, or write enabled: false under ${dataset} in config/datasets.yaml`,
    }
  }
  return {
    code: 'no_key',
    about: dataset,
    what: `no vendor of ${dataset} has its key`,
    todo: `set ${missingKeysText(able)} in .env or in the environment, and restart the node`,
  }
}

function refusalOf({ vendors }: Watched, { account, host, refusedAt: since }: RefusedKey): Reason[] {
  const owner = vendors.find((one) => accountOf(one) === account && one.missing.length === 0)
  // Its keys were taken away since: it is not asked any more.
  if (owner === undefined) return []
  const variables = owner.connector.secrets.join(' and ')
  const reason = { code: 'key_refused', about: host === 'data' ? account : `${account} ${host}`, since } as const
  if (host === 'data') {
    const todo = `correct ${variables} in .env or in the environment, and restart the node`
    return [{ ...reason, what: `${account} refuses the key`, todo }]
  }
  // A key of a paper account is refused by the host of live accounts, and the other way round.
  const todo = `correct ${variables} in .env or in the environment, or trading_url in config/vendor_capabilities.yaml, and restart the node`
  return [{ ...reason, what: `${account} refuses the key at ${owner.config.trading_url}`, todo }]
}

function outageOf({ vendors, now }: Watched, { vendor, failures, blockedUntil, why }: Circuit): Reason[] {
  const connection: VendorConnection | undefined = vendors.find(({ name }) => name === vendor)
  if (connection === undefined || connection.missing.length > 0) return []
  const out = { code: 'vendor_out', about: vendor } as const
  if (blockedUntil > now() + OUT_MS) {
    const until = new Date(blockedUntil).toISOString()
    return [{ ...out, what: `${vendor} is not called until ${until} (${why})`, todo: REMEDY }]
  }
  if (failures < FAILURES_OUT) return []
  return [{ ...out, what: `${vendor} has failed ${FAILURES_OUT} times in a row or more (${why})`, todo: REMEDY }]
}

const REMEDY = "look at the vendor's status page and at this machine's network; the node asks again by itself"

/** One reason a dataset and vendor, however many sessions it lacks. */
async function incidentReasons({ db }: Watched): Promise<Reason[]> {
  const reasons = new Map<string, Reason>()
  for (const { kind, dataset, vendor, dt, openedAt } of await listOpenIncidents(db)) {
    const about = vendor === '*' ? dataset : `${dataset} ${vendor}`
    if (reasons.has(about)) continue
    const what =
      vendor === '*'
        ? `no vendor has most of ${dataset} of ${dt} (${kind})`
        : `${vendor} lacks most of ${dataset} of ${dt} (${kind})`
    reasons.set(about, {
      code: 'incident_open',
      about,
      what,
      todo: 'see incidents in GET /status; the node asks again by itself',
      since: openedAt,
    })
  }
  return [...reasons.values()]
}
