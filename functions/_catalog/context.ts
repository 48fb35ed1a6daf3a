/** What work needs from the running node: configuration, database, lake, vendors, clock, randomness, log. */
import type { Config, VendorConfig } from '../../config/schema.ts'
import type { Db } from '../../db/client.ts'
import type { Lake } from '../_lake/lake.ts'
import type { Connector, Get } from '../_vendors/vendor.ts'
import type { CallReservations } from './call-reservations.ts'
import type { KeptAnswers } from './kept-answers.ts'

export type Lane = 'today' | 'backfill'

/** A vendor this node may use: its connector, its registry entry, and the way to send it one rate-limited request. */
export interface VendorConnection {
  name: string
  config: VendorConfig
  connector: Connector
  /** Environment variables that are not set; a vendor with any is never asked. */
  missing: string[]
  get(lane: Lane): Get
}

/** What the free space on the disk still allows. */
export interface DiskRoom {
  allowsBackfill(): boolean
  allowsCalls(): boolean
  /** Whether a dataset is still collected. */
  allows(dataset: string): boolean
}

/** What it takes to reconcile database and files. */
export interface NodeContext {
  config: Config
  db: Db
  lake: Lake
  /** Epoch ms. */
  now(): number
  log(event: string, fields: Record<string, unknown>): void
}

/** What it takes to ask vendors as well. */
export interface DispatchContext extends NodeContext {
  vendors: VendorConnection[]
  /** Milliseconds that only ever grow, for durations. */
  elapsed(): number
  sleep(ms: number): Promise<void>
  disk: DiskRoom
  /** Calls that the plans under way will still send. */
  reservations: CallReservations
  /** Answers that cover more cells than their plan wanted. */
  answers: KeptAnswers
  /** A random number in [0, 1), seeded where a run must repeat. */
  random(): number
  /** A fresh token that nobody can guess. */
  token(): string
  /** Who holds the leases this process takes. */
  holder: string
}
