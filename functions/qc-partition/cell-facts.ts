/** The numbers a cell is judged by: what is measured, in which unit, for which kind of cell. Knows no judgement. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { DecisionEffect } from '../_decisions/decisions.ts'
import type { AbsenceReason } from '../_market/outcome.ts'
import type { AroundName } from './daily-measures.ts'
import type { MinuteFacts } from './minute-facts.ts'
import type { PairFacts } from './pair-facts.ts'
import type { CurveFacts } from './yield-facts.ts'

/** Daily bar, minute bars, one row of values, bars of contracts, or events: the way a dataset says how many rows a complete cell holds. */
export type CellKind = DatasetConfig['expected_rows']

/**
 * Measured facts of one cell. Null is "not measured" (the dataset has no such thing, or the evidence could not be read),
 * never "zero". Two cells with equal facts get the same verdict, so nothing that names the cell is in here.
 */
export interface CellFacts {
  reason: AbsenceReason | null
  /** Curated rows of the cell; of a row of values: how many are there. */
  rows: number
  /** Rows a complete cell holds: for minute bars the session's minutes seen through the symbol's own baseline, where it is believed. */
  expectedRows: number | null
  /** Minutes between the session's open and close. */
  sessionMinutes: number | null
  /** Bars that begin inside the session. */
  regularRows: number | null
  /** Median share of the session's minutes in which this symbol trades on its other days; null until enough days are known. */
  baselineShare: number | null
  /** Other days of the symbol the baseline saw. */
  baselineDays: number | null
  /** Longest run of session minutes without a bar, the ends of the session included. */
  longestHole: number | null
  /** Bars outside 04:00 to 20:00 New York of the cell's day (minute), or stamped on another New York day (daily). */
  outsideRows: number | null
  /** Stamps that are no bar's start: not on the minute (minute), on the day but not its New York midnight (daily). A row of values carries a day and has none. */
  offGridStamps: number | null
  /** Required columns that are missing or of another type than the dataset says. */
  wrongColumns: number
  /** Empty or non-finite values in required columns, by column; only columns that have some. */
  nulls: Record<string, number>
  /** Vendors, feeds or adjustment modes beyond the first within the cell. */
  mixedSources: number
  /** Bars with a price (vwap included) at or below zero. */
  nonPositivePrices: number | null
  /** Bars whose high is not the highest or whose low is not the lowest of their four prices. */
  ohlcViolations: number | null
  /** Bars with a negative volume or number of trades. */
  negativeVolumes: number | null
  zeroVolumes: number | null
  /** Values of a row of yields beyond 100 percent either way. */
  impossibleYields: number | null
  /** Of a row of yields: how it stands to the days around it and how its values stand to each other. */
  curve: CurveFacts | null
  /** Option bars whose contract, or corporate actions whose terms, cannot be. */
  impossibleTerms: number | null
  /** Option bars after their contract's expiration; corporate actions that take effect outside the days of their cell. */
  misdatedRows: number | null
  /** Corporate actions of the cell that cannot all be right. */
  contradictingActions: number | null
  /** Corporate actions of the cell that their vendor stated and no longer states, here or on another day. */
  withdrawnActions: number | null
  /** Surplus rows in the winning vendor's raw file that repeat a stamp with the same values. */
  duplicateRows: number | null
  /** Stamps the winning vendor's raw file holds with different values. */
  duplicateConflicts: number | null
  /** Rows of the winning vendor's raw file that say of themselves what their place does not: prices that are not as traded, another symbol, vendor or day. */
  otherAdjustments: number | null
  otherSymbols: number | null
  otherVendors: number | null
  otherDates: number | null
  /** Are the rows other than those that were delivered? */
  isDamaged: boolean
  /** Did its vendor serve bars of closed days near it, and leave a session as near empty? */
  isDateDoubtful: boolean
  /** What a person decided; `outdated`: a release of other rows than these. Null where nobody did. */
  decision: DecisionEffect | null
  /** Of a daily bar: what stands out against the bars around it, empty where nothing does. */
  around: Partial<Record<AroundName, number>> | null
  /** Of minute bars: how they stand to each other, to the session before and to their daily bar. */
  minutes: MinuteFacts | null
  /** Where a second, independent vendor has delivered the cell as well: how the two versions stand to each other. */
  second: PairFacts | null
}

/** A measure against the bars around; 0 when it does not stand out. An error when the bar was not compared. */
export function around(facts: CellFacts, name: AroundName): number {
  if (facts.around === null)
    throw new Error(`expected the number "${name}" of the bar, got none: it was not compared with the bars around it`)
  return facts.around[name] ?? 0
}

/** The minutes' own facts, or an error when they were not measured: the columns or the bars that a comparison needs are not there. */
export function minutesOf({ minutes }: CellFacts): MinuteFacts {
  if (minutes === null)
    throw new Error('expected the minutes to be compared with each other, but no bar of the cell could be')
  return minutes
}

/** The curve's own facts, or an error when they were not measured. */
export function curveOf({ curve }: CellFacts): CurveFacts {
  if (curve === null) throw new Error('expected the yields to be compared with the days around, but they could not be')
  return curve
}

/** The number, or an error when it was not measured: a check must not pass for want of evidence. */
export function measured(value: number | null, name: keyof CellFacts): number {
  if (value === null) throw new Error(`expected the number "${name}" of the cell, got none: it could not be measured`)
  return value
}

/** The facts of a cell that has no rows: nothing was there to be measured. */
export const factsOfAbsence = (
  reason: AbsenceReason | null,
  expectedRows: number | null,
  withdrawnActions: number | null = null,
): CellFacts => ({
  reason,
  rows: 0,
  expectedRows,
  sessionMinutes: null,
  regularRows: null,
  baselineShare: null,
  baselineDays: null,
  longestHole: null,
  outsideRows: null,
  offGridStamps: null,
  wrongColumns: 0,
  nulls: {},
  mixedSources: 0,
  nonPositivePrices: null,
  ohlcViolations: null,
  negativeVolumes: null,
  zeroVolumes: null,
  impossibleYields: null,
  curve: null,
  impossibleTerms: null,
  misdatedRows: null,
  contradictingActions: null,
  withdrawnActions,
  duplicateRows: null,
  duplicateConflicts: null,
  otherAdjustments: null,
  otherSymbols: null,
  otherVendors: null,
  otherDates: null,
  isDamaged: false,
  isDateDoubtful: false,
  decision: null,
  around: null,
  minutes: null,
  second: null,
})
