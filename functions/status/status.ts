/** GET /status: what the node has, what it does and waits for, what its vendors may still spend. */
import type { Context } from 'hono'
import { lastAck } from '../../db/acks/last-ack.ts'
import type { Ack } from '../../db/acks/record-ack.ts'
import { callsSpent } from '../../db/budgets/take-calls.ts'
import { type CalendarCheck, listCalendarChecks } from '../../db/calendar-checks/calendar-checks.ts'
import { listCircuits } from '../../db/circuits/circuits.ts'
import { countCoverage } from '../../db/coverage/count-coverage.ts'
import { listExports } from '../../db/exports/exports.ts'
import { countTasks } from '../../db/gap-tasks/count-tasks.ts'
import { type Incident, listOpenIncidents } from '../../db/incidents/list-incidents.ts'
import { listLost } from '../../db/lost-files/list-lost.ts'
import { workLeft } from '../../db/partitions/work-left.ts'
import { listReferenceChecks } from '../../db/reference-checks/reference-checks.ts'
import { listScrubs, type Scrub } from '../../db/scrubs/scrubs.ts'
import { countUnaccepted } from '../../db/unaccepted-files/unaccepted-files.ts'
import { listScores } from '../../db/vendor-scores/scores.ts'
import { accountOf } from '../_catalog/account-limits.ts'
import { asofAt } from '../_expected/expected.ts'
import { recentOutlook } from '../_forecast/outlook.ts'
import { isoOf } from '../_http/iso-instant.ts'
import type { Node } from '../_http/node.ts'
import { dayNumber, dtOfDay } from '../_market/dt.ts'
import { NIGHTS } from '../_recovery/scrub.ts'
import { appliedSymbols, countRemarks } from '../_references/apply-references.ts'
import { findOutdated } from '../_retention/retention.ts'
import { backupState } from './backup.ts'
import { shownReasons } from './health.ts'

export const status =
  (node: Node) =>
  async (c: Context): Promise<Response> => {
    const now = node.now()
    const circuits = await listCircuits(node.db)
    const scores = await listScores(node.db, now)
    const vendors = []
    for (const { name, config, missing } of node.vendors) {
      const spent = await callsSpent(node.db, accountOf({ name, config }), now)
      const circuit = circuits.find((row) => row.vendor === name)
      vendors.push({
        vendor: name,
        ready: missing.length === 0,
        ...(missing.length > 0 ? { missing: `set ${missing.join(', ')} in the environment` } : {}),
        datasets: Object.keys(config.datasets),
        callsThisMinute: spent.minute,
        ...(spent.ahead > 0 ? { callsBeforeClockWasSetBack: spent.ahead } : {}),
        callsPerMinute: config.calls_per_minute,
        callsToday: spent.day,
        callsPerDay: config.calls_per_day,
        ...(circuit && circuit.blockedUntil > now
          ? { blockedUntil: new Date(circuit.blockedUntil).toISOString(), why: circuit.why }
          : {}),
        learned: scores.filter((row) => row.vendor === name),
      })
    }
    return c.json({
      ok: true,
      health: await shownReasons(node),
      disk: node.disk.view(),
      version: node.version,
      now: new Date(node.clock.now()).toISOString(),
      asof: asofAt(now),
      chains: (await node.schedule?.list()) ?? [],
      coverage: await countCoverage(node.db),
      tasks: await countTasks(node.db),
      forecast: await recentOutlook(node),
      partitions: await partitionsLeft(node),
      vendors,
      incidents: (await listOpenIncidents(node.db)).map(incidentOf),
      calendar: (await listCalendarChecks(node.db)).map(calendarDoubts),
      symbols: await symbolRemarks(node),
      lostFiles: lostFilesOf(await listLost(node.db, FILES_SHOWN)),
      unacceptedFiles: { ...(await countUnaccepted(node.db, FILES_SHOWN)), next: 'POST /adopt' },
      scrub: (await listScrubs(node.db)).map(scrubOf),
      exports: await listExports(node.db),
      backup: await backupState(node),
      notifications: node.notifications?.view() ?? { webhook: null, ping: null },
      acknowledged: acknowledgement(await lastAck(node.db)),
      retention: await findOutdated(node),
    })
  }

/** The newest word of a puller that it has a bundle; null before the first. */
const acknowledgement = (ack: Ack | null): object | null => ack && { ...ack, at: isoOf(ack.at) }

/** Partitions to curate and to judge, and those that fail, with the instant of the next try. */
async function partitionsLeft({ db, now }: Node): Promise<object> {
  const touched = await workLeft(db, 'touched', now())
  const unchecked = await workLeft(db, 'unchecked', now())
  const failing = [...touched.failing, ...unchecked.failing].map((one) => ({ ...one, retryAt: isoOf(one.retryAt) }))
  return { touched: touched.partitions, unchecked: unchecked.partitions, failing }
}

/** How many contradictions and suggestions `GET /symbols` lists, and how the newest questions to vendors' reference lists went. */
async function symbolRemarks(node: Node): Promise<object> {
  const checks = await listReferenceChecks(node.db)
  return {
    ...countRemarks(await appliedSymbols(node)),
    asked: checks.map(({ askedAt, ...check }) => ({ ...check, askedAt: isoOf(askedAt) })),
  }
}

const FILES_SHOWN = 5

/** How far the last nightly look at a dataset's raw files came; with a budget that is too small, in how many nights it sees all of them. */
const scrubOf = ({ dataset, night, dueFiles, dueBytes, files, bytes }: Scrub): object => ({
  dataset,
  night: dtOfDay(night),
  dueFiles,
  dueBytes,
  files,
  bytes,
  ...(files < dueFiles ? { nightsForAll: Math.ceil((NIGHTS * dueBytes) / Math.max(1, bytes)) } : {}),
})

/** Raw files that could not be read or were gone: how many are remembered, and the newest of them. */
const lostFilesOf = ({ newest, ...counts }: Awaited<ReturnType<typeof listLost>>): object => ({
  ...counts,
  newest: newest.map(({ path, why, cells, at }) => ({ path, why, cells, at: isoOf(at) })),
})

/** Differing days shown of each vendor; the database lists more of them. */
const DAYS_SHOWN = 3

/** How our calendar stands against a vendor's own: days compared, days that differ, the first of these. */
const calendarDoubts = (check: CalendarCheck): object => ({
  vendor: check.vendor,
  asof: check.asof,
  checkedAt: isoOf(check.checkedAt),
  from: check.fromDt,
  to: check.toDt,
  days: check.sessions === null ? 0 : dayNumber(check.toDt) - dayNumber(check.fromDt) + 1,
  differences: check.differing,
  first: check.differences.slice(0, DAYS_SHOWN).map(({ dt, ours, theirs }) => ({
    dt,
    ours: ours?.map(isoOf) ?? null,
    theirs: theirs?.map(isoOf) ?? null,
  })),
  ...(check.error === null ? {} : { error: check.error }),
})

/** A session that a large share of the universe lacks; without a vendor, nobody has it. */
const incidentOf = ({
  kind,
  dataset,
  vendor,
  dt,
  cells,
  openedAt,
  lastSeenAt,
  looks,
  nextLookAt,
}: Incident): object => ({
  kind,
  dataset,
  dt,
  ...(vendor === '*' ? {} : { vendor }),
  cells,
  openedAt: isoOf(openedAt),
  lastSeenAt: isoOf(lastSeenAt),
  looks,
  nextLookAt: isoOf(nextLookAt),
})
