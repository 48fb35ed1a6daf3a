/** What dispatching needs from the running node: its memory, its lake, its vendors, its clock. */
import type { Config, DatasetConfig, VendorConfig, VendorDatasetConfig } from '../../config/schema.ts'
import type { Db } from '../../db/client.ts'
import type { Lake } from '../_lake/lake.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Connector, Get, Names } from '../_vendors/vendor.ts'
import type { PromisedCalls } from './promised-calls.ts'

export type Lane = 'today' | 'backfill'

/** A vendor this node may use: its connector, its registry entry, and the way to send it one metered request. */
export interface VendorSeat {
  name: string
  config: VendorConfig
  connector: Connector
  /** Environment variables that are not set; a vendor with any is never asked. */
  missing: string[]
  get(lane: Lane): Get
}

/** What the room on the disk still allows. */
export interface DiskRoom {
  allowsBackfill(): boolean
  allowsCalls(): boolean
  /** Whether a dataset is still collected. */
  allows(dataset: string): boolean
}

export interface Desk {
  config: Config
  db: Db
  lake: Lake
  seats: VendorSeat[]
  /** Epoch ms. */
  now(): number
  /** Milliseconds that only ever grow, for durations. */
  elapsed(): number
  sleep(ms: number): Promise<void>
  disk: DiskRoom
  /** What the plans under way will still spend. */
  promised: PromisedCalls
  /** Chance in [0, 1), seeded where a run must repeat. */
  random(): number
  /** A fresh token nobody can guess. */
  token(): string
  /** Who holds the leases this process takes. */
  holder: string
  log(event: string, fields: Record<string, unknown>): void
}

export interface Server {
  seat: VendorSeat
  terms: VendorDatasetConfig
}

/** The configured datasets with their specs, in the order of the configuration. */
export const datasetsOf = (config: Config): { dataset: DatasetName; spec: DatasetConfig }[] =>
  Object.entries(config.datasets).map(([dataset, spec]) => ({ dataset: dataset as DatasetName, spec }))

/** The vendors that list a dataset and may be asked for it at all: entitled, keys set, calls allowed. */
export function serversOf(desk: Pick<Desk, 'seats'>, dataset: DatasetName): Server[] {
  return desk.seats.flatMap((seat) => {
    const terms = seat.config.datasets[dataset]
    const mayCall = seat.config.calls_per_minute > 0 && seat.config.calls_per_day !== 0
    const usable = terms?.entitled && seat.missing.length === 0 && mayCall
    return usable ? [{ seat, terms }] : []
  })
}

/**
 * Whose data a vendor shows. Two entries that share an account or a connector (a second feed) speak for one house: when both say that
 * there is nothing, one witness has spoken twice.
 */
export const sourceOf = ({ seats }: Pick<Desk, 'seats'>, seat: VendorSeat): string =>
  (seats.find(({ name }) => name === seat.config.account) ?? seat).connector.name

/** All vendors that list a dataset, the preferred one first: which version of a cell wins. */
export const preferenceOrder = (config: Config, dataset: DatasetName): string[] =>
  Object.entries(config.vendors)
    .flatMap(([name, { datasets }]) => (datasets[dataset] ? [{ name, preference: datasets[dataset].preference }] : []))
    .sort((a, b) => b.preference - a.preference || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name)

/** The spec of a dataset, or a plain sentence about what is configured. */
export function specOf(config: Config, dataset: DatasetName): DatasetConfig {
  const spec = config.datasets[dataset]
  if (!spec) {
    const known = Object.keys(config.datasets).join(', ')
    throw new Error(`dataset ${dataset} is not configured: config/datasets.yaml has ${known}`)
  }
  return spec
}

/** The symbols that had other names, or that are no longer listed. */
export const namesOf = (config: Config): Record<string, Names> =>
  Object.fromEntries(
    config.universe
      .filter(({ to, was }) => to !== null || was !== undefined)
      .map(({ symbol, to, was }) => [symbol, { until: to, was: was ?? [] }]),
  )
