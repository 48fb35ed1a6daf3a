/** What the status page shows, in one look: small reads of indexed rows, and summaries that are counted in the background. */
import { listAcks } from '../../db/acks/list-acks.ts'
import type { Ack } from '../../db/acks/record-ack.ts'
import { callsSpent, nextCallAt, roomOf } from '../../db/budgets/take-calls.ts'
import { listCircuits } from '../../db/circuits/circuits.ts'
import type { CoverageCount } from '../../db/coverage/count-coverage.ts'
import { countCoverageInSteps } from '../../db/coverage/count-coverage-in-steps.ts'
import { countFindings, type FindingCount } from '../../db/findings/count-findings.ts'
import { findHead } from '../../db/gap-tasks/find-head.ts'
import { type TaskTally, tallyTasks } from '../../db/gap-tasks/tally-tasks.ts'
import { type Incident, listOpenIncidents } from '../../db/incidents/list-incidents.ts'
import { sumCallStats } from '../../db/vendor-call-stats/call-stats.ts'
import { limitsOf } from '../_catalog/account-limits.ts'
import { availableRange } from '../_catalog/availability.ts'
import { datasetsOf } from '../_catalog/catalog.ts'
import type { VendorConnection } from '../_catalog/context.ts'
import { type Forecast, forecastOf } from '../_forecast/forecast.ts'
import { type Outlook, outlookOf } from '../_forecast/outlook.ts'
import { type ShownReason, unreadable } from '../_http/health.ts'
import type { ChainState, DiskWatch, Node } from '../_http/node.ts'
import { type KeptSummary, keptSummary } from '../_page/kept-summary.ts'
import { type Machine, machineState } from './machine.ts'
import { type Verdict, verdictOf } from './verdict.ts'

/** A finished bundle, of which the page shows so much. */
export interface BundleLine {
  asof: string
  generatedAt: string
  complete: boolean
  files: number
  bytes: number
  rows: number
}

export interface VendorLine {
  vendor: string
  /** Why it is not asked at all; empty where it may be. */
  obstacles: string[]
  /** Until when it is left alone, epoch ms, and why; null where it is not. */
  blocked: { until: number; why: string } | null
  spentToday: number
  perDay: number | null
  perMinute: number
  leftNow: number
  /** When the next call for the backlog may go; null for never. */
  nextCallAt: number | null
  /** Of the last 24 hours. */
  calls: number
  rows: number
  tookMs: number
  cells: number
  filled: number
  empty: number
  errors: number
  /** The first task that it would take. */
  next: { dataset: string; symbol: string; dt: string } | null
}

export interface Overview {
  now: number
  version: string
  verdict: Verdict
  reasons: readonly ShownReason[]
  chains: ChainState[]
  bundles: BundleLine[]
  acks: Ack[]
  vendors: VendorLine[]
  incidents: Incident[]
  disk: ReturnType<DiskWatch['view']>
  machine: Machine
  queue: { at: number; summary: TaskTally[] } | null
  coverage: { at: number; summary: Counted } | null
}

/** What is counted seldom: it looks at every month of every symbol. */
export interface Counted {
  counts: CoverageCount[]
  forecast: Forecast
  outlook: Outlook
  findings: FindingCount[]
}

export interface OverviewTerms {
  node: Node
  newestBundles(limit: number): Promise<BundleLine[]>
}

const DAY_MS = 86_400_000
const QUEUE_KEPT_MS = 30_000
const COVERAGE_KEPT_MS = 5 * 60_000
const BUNDLES_SHOWN = 7
const ACKS_SHOWN = 50

export interface OverviewSource {
  read(): Promise<Overview>
  /** Until what is being counted is there. For tests. */
  counted(): Promise<void>
}

export function overviewOf({ node, newestBundles }: OverviewTerms): OverviewSource {
  const kept = <Summary>(keptMs: number, load: () => Promise<Summary>): KeptSummary<Summary> =>
    keptSummary({
      keptMs,
      load,
      elapsed: () => node.elapsed(),
      now: () => node.now(),
      onError: (error) => node.log('status.count_failed', { error }),
    })
  const queue = kept(QUEUE_KEPT_MS, () => tallyTasks(node.db, {}))
  const coverage = kept(COVERAGE_KEPT_MS, () => countAll(node))

  return {
    async read() {
      const now = node.now()
      // A page that fails as a whole tells nothing of what is wrong: each part that cannot be read is empty, and the log says why.
      const orElse = <Value>(part: Promise<Value>, fallback: Value): Promise<Value> =>
        part.catch((error: unknown) => {
          node.log('status.part_failed', { error })
          return fallback
        })
      const reasons = await orElse(node.health.reasons(), [unreadable(now)])
      const chains = await orElse(node.schedule?.list() ?? Promise.resolve([]), [])
      return {
        now,
        version: node.version,
        verdict: verdictOf(reasons, chains),
        reasons,
        chains,
        bundles: await orElse(newestBundles(BUNDLES_SHOWN), []),
        acks: await orElse(listAcks(node.db, ACKS_SHOWN), []),
        vendors: await orElse(vendorLines(node, now), []),
        incidents: await orElse(listOpenIncidents(node.db), []),
        disk: node.disk.view(),
        machine: await machineState(),
        queue: queue.read(),
        coverage: coverage.read(),
      }
    },
    async counted() {
      await queue.settled()
      await coverage.settled()
    },
  }
}

async function countAll(node: Node): Promise<Counted> {
  const now = node.now()
  const datasets = datasetsOf(node.config).map(({ dataset }) => dataset)
  const counts = await countCoverageInSteps(node.db, datasets)
  const forecast = await forecastOf(node)
  return { counts, forecast, outlook: outlookOf(forecast, now), findings: await countFindings(node.db) }
}

async function vendorLines(node: Node, now: number): Promise<VendorLine[]> {
  const circuits = await listCircuits(node.db)
  const { callStats } = await sumCallStats(node.db, now - DAY_MS)
  const lines: VendorLine[] = []
  for (const connection of node.vendors) {
    const { name, config, missing } = connection
    const limits = limitsOf(connection, 'backfill')
    const spent = await callsSpent(node.db, limits.vendor, now)
    const circuit = circuits.find(({ vendor }) => vendor === name)
    const own = callStats.filter(({ vendor }) => vendor === name)
    const sum = (pick: (one: (typeof own)[number]) => number): number => own.reduce((all, one) => all + pick(one), 0)
    const nextAt = await nextCallAt(node.db, limits, now)
    lines.push({
      vendor: name,
      obstacles: [
        ...(missing.length > 0 ? [`${missing.join(' and ')} not set`] : []),
        ...(config.calls_per_minute === 0 || config.calls_per_day === 0 ? ['its budget is 0'] : []),
        ...(Object.values(config.datasets).some(({ entitled }) => entitled) ? [] : ['entitled to no dataset']),
      ],
      blocked: circuit && circuit.blockedUntil > now ? { until: circuit.blockedUntil, why: circuit.why } : null,
      spentToday: spent.day,
      perDay: limits.perDay,
      perMinute: limits.perMinute,
      leftNow: nextAt !== null && nextAt <= now ? Math.max(0, roomOf(limits, spent)) : 0,
      nextCallAt: nextAt,
      calls: sum(({ calls }) => calls),
      rows: sum(({ rows }) => rows),
      tookMs: sum(({ tookMs }) => tookMs),
      cells: sum(({ filled, short, empty, refused, postponed, malformed, unavailable }) =>
        [filled, short, empty, refused, postponed, malformed, unavailable].reduce((all, one) => all + one, 0),
      ),
      filled: sum(({ filled, short }) => filled + short),
      empty: sum(({ empty }) => empty),
      errors: sum(({ malformed, unavailable }) => malformed + unavailable),
      next: await firstTask(node, connection, now),
    })
  }
  return lines
}

async function firstTask(node: Node, connection: VendorConnection, now: number): Promise<VendorLine['next']> {
  const { name, config, missing } = connection
  if (missing.length > 0) return null
  for (const { dataset, spec } of datasetsOf(node.config)) {
    const terms = config.datasets[dataset]
    if (!terms?.entitled) continue
    const reach = { vendor: name, dataset, ...availableRange(terms, spec, now), lane: null, now }
    const head = await findHead(node.db, reach)
    if (head) return { dataset, symbol: head.symbol, dt: head.dt }
  }
  return null
}
