/** What is to be measured: the cells of a partition, and what stands around them. */
import type { DatasetConfig, QcConfig } from '../../config/schema.ts'
import type { Session } from '../_calendar/session.ts'
import type { DecisionEffect } from '../_decisions/decisions.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import type { AbsenceReason } from '../_market/outcome.ts'
import type { SecondVersion } from './second-version.ts'

export interface ExpectedCell {
  symbol: string
  dt: Dt
  /** Rows a complete cell holds where that is known: 1 daily, the session's minutes, the series of the group that have begun. */
  expectedRows: number | null
  present: boolean
  /** When absent and explained. */
  reason: AbsenceReason | null
  /** Logical digest of the accepted rows. */
  digest: string | null
  /** Are the rows of the accepted version other than those that were delivered? Absent: no. */
  isDamaged?: boolean
  /** Did its vendor serve bars of closed days near it, and leave a session empty? Absent: no. */
  isDateDoubtful?: boolean
  /** Corporate actions that were withdrawn. Absent: none. */
  withdrawn?: number
  /** Of a person about it. Absent: none. */
  decision?: DecisionEffect | null
}

export interface MeasureRequest {
  dataset: DatasetName
  spec: DatasetConfig
  partition: string
  sessions: readonly Session[]
  cells: readonly ExpectedCell[]
  qc: QcConfig
  /** Partitions around this one: of minutes those a baseline is learned from, of daily bars those before and after. */
  neighbours: readonly string[]
  /** Corporate actions that are known: their curated files. Absent: none. */
  actions?: { spec: DatasetConfig; files: readonly string[] } | undefined
  /** Where the curated daily bars of minute bars lie; absent: nowhere. */
  dailyFile?: string | undefined
  /** Versions of second vendors, with which the curated ones are compared. Absent: none. */
  seconds?: readonly SecondVersion[]
}
