/** What an answer says about each cell of its plan: one outcome a cell, from the closed list. */
import type { DatasetConfig } from '../../config/schema.ts'
import { newestVintages } from '../_lake/vintages.ts'
import { type CellKey, cellKey } from '../_market/cell.ts'
import type { Outcome } from '../_market/outcome.ts'
import type { Row } from '../_market/row.ts'
import { type Answer, VendorError, type Want } from '../_vendors/vendor.ts'

/** An answer without its rows, which the outcomes hold cell by cell. */
export type AnswerSummary = Omit<Answer, 'rows' | 'complete'>

export interface CellOutcome {
  want: Want
  /** Of the want: it is asked for a dozen times. */
  key: CellKey
  outcome: Outcome
  rows: Row[]
  /** True when the source itself stated that there is no value for the day. */
  saysNone: boolean
  error: VendorError | null
}

/** `isShort` tells of cells whose number of rows no configuration knows, minutes of a session, whether they are cut off. */
export function outcomesOf(
  answer: Answer,
  wants: readonly Want[],
  spec: DatasetConfig,
  isShort: (want: Want, rows: Row[]) => boolean = () => false,
): CellOutcome[] {
  return wants.map((want) => outcomeOf(want, cellKey(want.symbol, want.dt), answer, spec, isShort))
}

function outcomeOf(
  want: Want,
  key: CellKey,
  answer: Answer,
  spec: DatasetConfig,
  isShort: (want: Want, rows: Row[]) => boolean,
): CellOutcome {
  const refused = (error: VendorError): CellOutcome => ({
    want,
    key,
    outcome: error.fault,
    rows: [],
    saysNone: false,
    error,
  })
  const fault = answer.faults.get(key)
  if (fault) return refused(fault)
  if (!answer.complete.has(key)) {
    const unanswered = new VendorError('', 'unavailable', 'the answer ended before this cell')
    return refused(answer.interruption ?? unanswered)
  }
  const rows = answer.rows.get(key) ?? []
  // Of yields the newest vintage counts: a value that was withdrawn is none, and an older one beside a newer is no second.
  const values = countOf(newestVintages(rows))
  const found = (outcome: Outcome, saysNone = false): CellOutcome => ({
    want,
    key,
    outcome,
    rows,
    saysNone,
    error: null,
  })
  // A list of events that holds none for a day says that there was none, as a source does that states so.
  if (values === 0) return found('empty', rows.length > 0 || spec.expected_rows === 'events')
  // Only a count that is certain may call a cell short; the minutes of a session depend on the symbol's own liquidity.
  const isMinutes = spec.expected_rows === 'session_minutes'
  const isCounted = !isMinutes && want.expectedRows !== null
  const isCut = isMinutes ? isShort(want, rows) : isCounted && values < want.expectedRows!
  return found(isCut ? 'short' : 'filled')
}

/** Rows that have a value; a bar always has. */
function countOf(rows: readonly Row[]): number {
  let count = 0
  for (const row of rows) if (!('value' in row) || row.value !== null) count++
  return count
}
