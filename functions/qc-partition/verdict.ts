/** Turns the facts of one cell into GREEN, AMBER or RED by asking every check that applies. Pure. */
import type { QcConfig } from '../../config/schema.ts'
import type { Status } from '../_market/status.ts'
import type { CellFacts, CellKind } from './cell-facts.ts'
import type { Check, Finding } from './check.ts'

export interface Verdict {
  status: Status
  /** Sorted, each once. */
  flags: string[]
  /** The numbers of all findings. */
  numbers: Record<string, number>
}

/**
 * The worst finding decides. A check that throws could not look: that is a flag `ERRORED:<id>` and AMBER, never GREEN.
 * A cell with rows that no check looked at, or without rows that no check explains, is AMBER for the same reason. That nothing
 * happened, said by the source, is the ordinary answer to a question about events, and GREEN.
 */
export function verdictOf(kind: CellKind, facts: CellFacts, thresholds: QcConfig, checks: readonly Check[]): Verdict {
  const side = facts.rows > 0 ? 'present' : 'absent'
  if (kind === 'events' && side === 'absent' && facts.reason === 'SOURCE_SAYS_NONE') {
    return { status: 'GREEN', flags: [], numbers: {} }
  }
  const asked = checks.filter((check) => check.judges === side && check.kinds.includes(kind))
  const findings = asked.map((check) => ask(check, facts, thresholds)).filter((finding) => finding !== null)
  if (asked.length === 0 || (side === 'absent' && findings.length === 0)) {
    findings.push({ flag: 'ERRORED:unchecked', severity: 'AMBER', numbers: {} })
  }
  const flags = [...new Set(findings.map((finding) => finding.flag))].sort()
  const numbers = Object.assign({}, ...findings.map((finding) => finding.numbers)) as Record<string, number>
  const isRed = findings.some((finding) => finding.severity === 'RED')
  return { status: isRed ? 'RED' : findings.length > 0 ? 'AMBER' : 'GREEN', flags, numbers }
}

function ask(check: Check, facts: CellFacts, thresholds: QcConfig): Finding | null {
  try {
    return check.judge(facts, thresholds)
  } catch {
    // What it threw names a number that was not measured; the check's id says which evidence is missing, and that is all a ledger holds.
    return { flag: `ERRORED:${check.id}`, severity: 'AMBER', numbers: {} }
  }
}
