/** The vendors as one answer: instants are UTC texts, null for never; keys are named, never shown. */
import type { DatasetConfig } from '../../config/schema.ts'
import { type Circuit, listCircuits } from '../../db/circuits/circuits.ts'
import { demotionsInForce } from '../../db/demotions/demotions-in-force.ts'
import { type CallStats, sumCallStats } from '../../db/vendor-call-stats/call-stats.ts'
import { listScores } from '../../db/vendor-scores/scores.ts'
import { accountOf } from '../_catalog/account-limits.ts'
import { availableRange, historyStart } from '../_catalog/availability.ts'
import { datasetsOf, sourcesFor } from '../_catalog/catalog.ts'
import type { VendorConnection } from '../_catalog/context.ts'
import type { Forecast } from '../_forecast/forecast.ts'
import { isoOf } from '../_http/iso-instant.ts'
import type { Node } from '../_http/node.ts'
import type { DatasetName } from '../_market/cell.ts'
import { budgetsOf } from './budgets.ts'
import { ratesOf } from './rates.ts'
import { scoreExplanation } from './score.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Refusals of a vendor and dataset that are listed; all are counted. */
const DEMOTIONS_SHOWN = 20

export type VendorsView = Awaited<ReturnType<typeof viewOf>>

export async function viewOf(node: Node, forecast: Forecast | null) {
  const now = node.now()
  const known = {
    now,
    circuits: await listCircuits(node.db),
    scores: await listScores(node.db, now),
    demotions: await demotionsInForce(node.db, now, DEMOTIONS_SHOWN),
    hour: await sumCallStats(node.db, now - HOUR_MS),
    day: await sumCallStats(node.db, now - DAY_MS),
    forecast,
  }
  const vendors = []
  for (const connection of node.vendors) vendors.push(await vendorView(node, connection, known))
  return {
    ok: true as const,
    now: isoOf(now),
    vendors,
    datasets: datasetsOf(node.config).map(({ dataset, spec }) => servedBy(node, dataset, spec, now)),
  }
}

interface Known {
  now: number
  circuits: Circuit[]
  scores: Awaited<ReturnType<typeof listScores>>
  demotions: Awaited<ReturnType<typeof demotionsInForce>>
  hour: { since: number; callStats: CallStats[] }
  day: { since: number; callStats: CallStats[] }
  forecast: Forecast | null
}

async function vendorView(node: Node, connection: VendorConnection, known: Known) {
  const { name, config, connector, missing } = connection
  const { now, forecast } = known
  const budgets = await budgetsOf(node.db, connection, now)
  const circuit = known.circuits.find(({ vendor }) => vendor === name)
  const isOpen = (circuit?.blockedUntil ?? 0) > now
  const because = [
    ...(missing.length > 0 ? [`${missing.join(', ')} not set in the environment`] : []),
    ...(config.calls_per_minute === 0 ? ['calls_per_minute is 0: it is never asked'] : []),
    ...(config.calls_per_day === 0 ? ['calls_per_day is 0: it is never asked'] : []),
    ...(Object.values(config.datasets).some(({ entitled }) => entitled) ? [] : ['entitled to none of its datasets']),
    ...(isOpen ? [`left alone: ${circuit?.why}`] : []),
  ]
  const share = forecast?.vendors.find(({ vendor }) => vendor === name)
  return {
    vendor: name,
    connector: connector.name,
    account: accountOf({ name, config }),
    /** May be asked as things stand; `because` says what is in the way. */
    usable: because.length === 0,
    because,
    keys: { set: connector.secrets.filter((secret) => !missing.includes(secret)), missing },
    hosts: {
      data: new URL(config.base_url).host,
      ...(config.trading_url === undefined ? {} : { trading: new URL(config.trading_url).host }),
    },
    budgets,
    circuit: {
      isOpen,
      until: isOpen ? isoOf(circuit!.blockedUntil) : null,
      failures: circuit?.failures ?? 0,
      lastError: circuit?.why ?? null,
    },
    ...(forecast === null
      ? {}
      : {
          forecast: {
            cells: share?.cells ?? 0,
            calls: share?.calls ?? 0,
            busyUntil: share ? isoOf(share.busyUntil) : isoOf(now),
          },
        }),
    datasets: datasetsOf(node.config).flatMap(({ dataset, spec }) => {
      const terms = config.datasets[dataset]
      if (terms === undefined) return []
      const reach = availableRange(terms, spec, now)
      const refusals = known.demotions.find((row) => row.vendor === name && row.dataset === dataset)
      const learned = known.scores.find((row) => row.vendor === name && row.dataset === dataset)
      const isThis = (row: CallStats) => row.vendor === name && row.dataset === dataset
      return [
        {
          dataset,
          feed: terms.feed,
          entitled: terms.entitled,
          history: { ...terms.history, firstDay: historyStart(terms.history, now) },
          recency: { ...terms.recency, newestDay: reach.fromDt <= reach.toDt ? reach.toDt : null },
          refusals: {
            total: refusals?.total ?? 0,
            some: (refusals?.some ?? []).map(({ vendor: _v, dataset: _d, until, ...scope }) => ({
              ...scope,
              until: isoOf(until),
            })),
          },
          score: scoreExplanation({ connection, terms }, spec, learned),
          lastHour: ratesOf(known.hour.callStats.find(isThis), known.hour.since, now),
          lastDay: ratesOf(known.day.callStats.find(isThis), known.day.since, now),
        },
      ]
    }),
  }
}

/** Who may be asked for a dataset; `state` says in a sentence when that is nobody. */
function servedBy(node: Node, dataset: DatasetName, spec: DatasetConfig, now: number) {
  const listing = node.vendors.filter(({ config }) => config.datasets[dataset] !== undefined)
  const askable = sourcesFor(node, dataset)
  const hasDays = askable.some(({ terms }) => {
    const { fromDt, toDt } = availableRange(terms, spec, now)
    return fromDt <= toDt
  })
  return {
    dataset,
    vendors: listing.map(({ name }) => name),
    askable: askable.map(({ connection }) => connection.name),
    state: hasDays ? 'served' : whyNobody(listing.length, askable.length),
  }
}

function whyNobody(listing: number, askable: number): string {
  if (listing === 0) return 'no vendor lists it: nothing of it is ever asked for'
  if (askable === 0) return 'no vendor that lists it may be asked: keys, rights or calls are missing'
  return 'no vendor that may be asked has a day of it: its history begins after the newest day it has'
}
