/** POST /export: materialises the bundle of an as-of day and points `latest` at it. */
import { listCorrections } from '../../db/corrections/list-corrections.ts'
import { recordExport } from '../../db/exports/exports.ts'
import { listPartitions } from '../../db/partitions/partitions.ts'
import { CALENDARS, calendarOf } from '../_calendar/calendar.ts'
import { datasetsOf } from '../_dispatch/desk.ts'
import { asofAt } from '../_expected/expected.ts'
import { consolidateLedger } from '../_ledger/ledger.ts'
import { type Dt, DtText } from '../_market/dt.ts'
import { type Answered, Night, RequestError } from '../_runtime/door.ts'
import type { Node } from '../_runtime/node.ts'
import { buildBundle } from './bundle.ts'
import type { BundledDataset } from './partitions.ts'

/** Corrections the manifest names; the rest is counted. */
const MOST_CORRECTIONS_LISTED = 1000

export const ExportBody = Night.extend({ asof: DtText.optional() })

export async function exportBundle(
  node: Node,
  { at = node.now(), asof = asofAt(at) }: { at?: number | undefined; asof?: string | undefined },
): Promise<Answered> {
  checkSession(asof)
  if (asof > asofAt(at))
    throw new RequestError(400, `asof ${asof} is not over yet: the newest closed session is ${asofAt(at)}`)
  const ledger = await consolidateLedger(node.lake)
  const bundle = await buildBundle(node.lake, {
    asof,
    generatedAt: at,
    datasets: await bundledDatasets(node),
    calendar: Object.fromEntries(Object.values(CALENDARS).map(({ name, last }) => [name, last])),
    ruleset: node.config.qc.ruleset,
    nodeVersion: node.version,
    corrections: (verdict, since) => listCorrections(node.db, verdict, since, asof, MOST_CORRECTIONS_LISTED),
  })
  const { digest, files, bytes } = bundle
  await recordExport(node.db, { asof, madeAt: node.now(), digest, files, bytes })
  node.log('export.made', { asof, ...bundle, ledgerRows: ledger.rows })
  return { asof, ledgerRows: ledger.rows, ...bundle, more: false, nextAt: null }
}

/** The configured datasets with the partitions the audit still expects something of. */
async function bundledDatasets(node: Node): Promise<BundledDataset[]> {
  const bundled: BundledDataset[] = []
  for (const { dataset, spec } of datasetsOf(node.config)) {
    const partitions = (await listPartitions(node.db, dataset)).map(({ partition }) => partition)
    bundled.push({ name: dataset, spec, partitions })
  }
  return bundled
}

/** A bundle carries the name of a session: another day's would hold the same under a second name. */
function checkSession(asof: Dt): void {
  const calendar = calendarOf('xnys')
  if (asof < calendar.first || asof > calendar.last)
    throw new RequestError(400, `asof ${asof} lies outside the calendar (${calendar.first} to ${calendar.last})`)
  if (!calendar.isSession(asof))
    throw new RequestError(400, `asof ${asof} has no session: take ${calendar.previous(asof)}`)
}
