/** What a check is: one question about one cell, answered from numbers that were measured once for the whole partition. */
import type { QcConfig } from '../../config/schema.ts'
import type { CellFacts, CellKind } from './cell-facts.ts'
import type { Subject } from './pair-distance.ts'

/** AMBER travels in the bundle with its flag; RED is held back. */
export type Severity = 'AMBER' | 'RED'

export interface Finding {
  /** The word the ledger shows: capitals and underscores. */
  flag: string
  severity: Severity
  /** What was measured and against what, for a person to read. */
  numbers: Record<string, number>
}

export interface Check {
  /** The file's name without its ending. */
  id: string
  /** What goes wrong downstream when the question is not asked. */
  why: string
  /** The worst it can say. */
  severity: Severity
  kinds: readonly CellKind[]
  /** `absent`: asked of cells without rows. `present`: of cells with rows. `any`: of both. */
  judges: 'absent' | 'present' | 'any'
  /**
   * What of a second vendor's version can settle it: an AMBER finding then asks for one too, and a RED one lets the cell go where both agree in that.
   * Absent: nothing.
   */
  secondSettles?: Subject
  /**
   * Pure. Null means nothing is wrong; a number the check needs and that was not measured must throw (see `measured`),
   * because no evidence is never GREEN.
   */
  judge(facts: CellFacts, thresholds: QcConfig): Finding | null
}
