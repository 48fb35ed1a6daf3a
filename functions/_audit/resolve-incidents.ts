/** Resolves incidents: a filled probe ends one; the others get the time of their next probes. */
import type { DatasetConfig } from '../../config/schema.ts'
import { enqueueTasks } from '../../db/gap-tasks/enqueue-tasks.ts'
import { clearIncident } from '../../db/incidents/clear-incident.ts'
import { type Incident, listOpenIncidents } from '../../db/incidents/list-incidents.ts'
import { probesOf, scheduleProbe, suppressedSymbols } from '../../db/incidents/probes.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { sourcesFor } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { expectedRange } from '../_expected/expected.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { partitionOf } from '../_market/partition.ts'

const HOUR = 3_600_000
/** Hours between looks; four hours short of 1, 3, 7, 30 and 90 days, so that the audit of that evening finds the answers. */
const LOOK_AFTER_HOURS = [1, 20, 68, 164, 716, 2_156]
const PROBES = 5
const PRIORITY_PROBE = 20

type IncidentContext = Pick<DispatchContext, 'db' | 'vendors' | 'now' | 'log'>

/** Clears what a filled probe has shown to be over, and what nobody can or need ask about any more. Returns how many were cleared. */
export async function clearDelivered(
  context: IncidentContext,
  dataset: DatasetName,
  spec: DatasetConfig,
  asof: Dt,
): Promise<number> {
  const { fromDt, toDt } = expectedRange(spec, asof)
  const serving = new Set(sourcesFor(context, dataset).map(({ connection }) => connection.name))
  let cleared = 0
  for (const incident of await listOpenIncidents(context.db, { dataset })) {
    const { dt, vendor } = incident
    // An audit of an earlier evening knows nothing of what came later.
    if (dt > toDt) continue
    const isExpected = dt >= fromDt && calendarOf(spec.calendar).isSession(dt)
    const isAskable = vendor === '*' ? serving.size > 0 : serving.has(vendor)
    const { filled } = await probesOf(context.db, incident)
    if (filled > 0 || !isExpected || !isAskable) cleared += await clear(context, incident, spec, { filled, isExpected })
  }
  return cleared
}

/**
 * Sees to the probes of what is still open. To be called after `detectIncidents` of the same audit, which began at `begun` (epoch ms): an
 * incident without cells of its own, because they all wait for other vendors, is over once it is not seen any more.
 */
export async function resolveIncidents(
  context: IncidentContext,
  dataset: DatasetName,
  spec: DatasetConfig,
  asof: Dt,
  begun: number,
): Promise<number> {
  let cleared = 0
  for (const incident of await listOpenIncidents(context.db, { dataset })) {
    if (incident.dt > asof) continue
    const suppressed = await suppressedSymbols(context.db, incident)
    if (suppressed.length === 0 && incident.lastSeenAt < begun) {
      cleared += await clear(context, incident, spec, { filled: 0, isExpected: true })
      continue
    }
    const { answered } = await probesOf(context.db, incident)
    const { probes, nextLookAt } = incident
    const isOver = probes.length === 0 || (context.now() >= nextLookAt && answered === probes.length)
    await askProbes(context, dataset, isOver ? await nextLook(context, incident, suppressed) : incident)
  }
  return cleared
}

async function clear(
  context: IncidentContext,
  incident: Incident,
  spec: DatasetConfig,
  why: { filled: number; isExpected: boolean },
): Promise<number> {
  const { kind, dataset, vendor, dt } = incident
  const isMine = await clearIncident(context.db, incident, partitionOf(spec.partition, dt), context.now())
  if (!isMine) return 0
  context.log('audit.incident_cleared', { kind, dataset, vendor, dt, ...why })
  return 1
}

/** Schedules the next probes: a few cells spread over the suppressed ones, later than the last probes. */
async function nextLook(
  context: IncidentContext,
  incident: Incident,
  suppressed: readonly string[],
): Promise<Incident> {
  const isFirst = incident.probes.length === 0
  const looks = isFirst ? incident.looks : incident.looks + 1
  const next = {
    looks,
    nextLookAt: isFirst ? incident.nextLookAt : context.now() + scheduleProbes(looks),
    probes: spread(suppressed, PROBES, looks),
  }
  await scheduleProbe(context.db, incident, next)
  return { ...incident, ...next }
}

export const scheduleProbes = (looks: number): number =>
  (LOOK_AFTER_HOURS[Math.min(looks, LOOK_AFTER_HOURS.length - 1)] as number) * HOUR

/** Some of the names at even distances, others in each round. */
function spread(symbols: readonly string[], count: number, round: number): string[] {
  const step = symbols.length / Math.min(count, symbols.length)
  const places = Array.from({ length: Math.min(count, symbols.length) }, (_, at) => Math.floor(at * step) + round)
  return [...new Set(places.map((place) => symbols[place % symbols.length] as string))].sort()
}

/** Each probe names its vendor: what that vendor said of the cell does not forbid it to be asked on purpose. */
async function askProbes(context: IncidentContext, dataset: DatasetName, incident: Incident): Promise<void> {
  const vendors =
    incident.vendor === '*' ? sourcesFor(context, dataset).map(({ connection }) => connection.name) : [incident.vendor]
  const tasks = incident.probes.map((symbol, at) => ({
    symbol,
    dt: incident.dt,
    lane: 'backfill' as const,
    priority: PRIORITY_PROBE,
    expectedRows: null,
    reason: 'probe' as const,
    nextAt: incident.nextLookAt,
    vendor: vendors[(at + incident.looks) % vendors.length] as string,
  }))
  await enqueueTasks(context.db, dataset, tasks, context.now())
}
