/** What the node concluded of a cell: the version that wins it, why it is absent, how it was judged. */
import type { Config } from '../../config/schema.ts'
import type { CellAttempt } from '../../db/attempts/list-cell-attempts.ts'
import { preferenceOrder } from '../_catalog/catalog.ts'
import type { AbsenceReason } from '../_market/outcome.ts'
import type { Status } from '../_market/status.ts'
import type { CellState } from './cell-state.ts'
import { describeAbsence } from './descriptions.ts'
import type { Expectation } from './expectation.ts'
import type { Cell } from './request.ts'
import type { VendorView } from './vendors.ts'

/**
 * The delivered version that wins. Where QC has a finding, it says whose it judged; else by curation's order: one QC refused only where
 * nobody has another, then the preferred vendor, then the name. Null where nobody delivered.
 */
export function winnerOf(config: Config, { dataset }: Cell, cellState: CellState): CellAttempt | null {
  const order = preferenceOrder(config, dataset)
  const rankOf = (vendor: string): number => (order.includes(vendor) ? order.indexOf(vendor) : order.length)
  const delivered = cellState.attempts.filter(({ digest }) => digest !== null)
  // Two refused versions: the curated file holds the one that was refused last, until it is rebuilt.
  const judged = stageOf(cellState) === 'touched' ? undefined : cellState.finding?.vendor
  delivered.sort(
    (a, b) =>
      Number(b.vendor === judged) - Number(a.vendor === judged) ||
      Number(a.refusedFor !== null) - Number(b.refusedFor !== null) ||
      rankOf(a.vendor) - rankOf(b.vendor) ||
      (a.vendor < b.vendor ? -1 : 1),
  )
  return delivered[0] ?? null
}

export interface Absent {
  reason: string
  meaning: string
  /** Where the reason comes from: an answer, or the configuration alone. */
  source: 'evidence' | 'rule'
  /** Epoch ms; null for a rule, and for a reason that is final. */
  decidedAt: number | null
  recheckAt: number | null
}

/** Why there is no data; null for a present cell, and for one that is a plain gap. */
export function absenceOf(
  expectation: Expectation,
  cellState: CellState,
  vendors: readonly VendorView[],
): Absent | null {
  if (cellState.coverage.present) return null
  if (cellState.absence) {
    const { reason, decidedAt, recheckAt } = cellState.absence
    return { reason, meaning: describeAbsence(reason), source: 'evidence', decidedAt, recheckAt }
  }
  const reason = ruleOf(expectation, vendors)
  if (reason === null) return null
  return { reason, meaning: describeAbsence(reason), source: 'rule', decidedAt: null, recheckAt: null }
}

/** Absences that need no evidence because the configuration states them. */
function ruleOf({ why, isExpected }: Expectation, vendors: readonly VendorView[]): AbsenceReason | null {
  if (why === 'not_listed_yet') return 'NOT_LISTED_YET'
  if (why === 'delisted') return 'DELISTED'
  if (!isExpected) return null
  const usable = vendors.filter(isUsable)
  if (usable.length === 0) return 'NOT_ENTITLED'
  return usable.some(({ history }) => history.ranges) ? null : 'BEFORE_VENDOR_HISTORY'
}

/** A vendor that may be asked for the dataset at all. */
export const isUsable = ({ entitled, missingKeys, budget }: VendorView): boolean =>
  entitled && missingKeys.length === 0 && budget.callsPerMinute > 0

export interface Judged {
  /** Null where the partition was not judged since the cell was last expected there. */
  status: Status | null
  flags: string[]
  numbers: Record<string, unknown>
  vendor: string | null
  /** What was done about it: none, second_opinion or permanent; null where there was nothing to do. */
  action: string | null
  checkedAt: number | null
  /** True where the partition has changed since. */
  isOutdated: boolean
}

/** QC's verdict. What is judged and has no finding is GREEN. */
export function judgedOf({ isExpected }: Expectation, { finding, partition }: CellState): Judged {
  const isChecked = partition !== null && partition.checkedVersion > 0
  return {
    status: finding?.status ?? (isExpected && isChecked ? 'GREEN' : null),
    flags: finding?.flags.split(',').filter((flag) => flag !== '') ?? [],
    numbers: finding ? numbersOf(finding.numbers) : {},
    vendor: finding?.vendor ?? null,
    action: finding?.action ?? null,
    checkedAt: finding?.checkedAt ?? (isExpected ? (partition?.checkedAt ?? null) : null),
    isOutdated: partition !== null && partition.checkedVersion < partition.version,
  }
}

const numbersOf = (json: string): Record<string, unknown> => JSON.parse(json)

/** How far a partition has come. */
export type Stage = 'unknown' | 'touched' | 'unchecked' | 'judged'

export function stageOf({ partition }: CellState): Stage {
  if (partition === null) return 'unknown'
  if (partition.version > partition.curatedVersion) return 'touched'
  return partition.checkedVersion < partition.version ? 'unchecked' : 'judged'
}
