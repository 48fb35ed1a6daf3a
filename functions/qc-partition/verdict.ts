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
  /** Did a check hold this version? A person who holds a cell says nothing against the version it has. */
  refuses: boolean
}

/**
 * The worst finding decides, unless a person released these rows. A check that throws could not look: that is a flag `ERRORED:<id>` and AMBER, never GREEN.
 * A cell with rows that no check looked at, or without rows that no check explains, is AMBER for the same reason. That nothing
 * happened, said by the source, is the ordinary answer to a question about events, and explains itself.
 */
export function verdictOf(kind: CellKind, facts: CellFacts, thresholds: QcConfig, checks: readonly Check[]): Verdict {
  const side = facts.rows > 0 ? 'present' : 'absent'
  const isQuiet = kind === 'events' && side === 'absent' && facts.reason === 'SOURCE_SAYS_NONE'
  const asked = checks.filter(
    ({ judges, kinds }) => kinds.includes(kind) && (judges === 'any' || (judges === side && !isQuiet)),
  )
  const findings = asked.map((check) => ask(check, facts, thresholds)).filter((finding) => finding !== null)
  if (!isQuiet && (asked.length === 0 || (side === 'absent' && findings.length === 0))) {
    findings.push({ flag: 'ERRORED:unchecked', severity: 'AMBER', numbers: {} })
  }
  const flags = new Set(findings.map((finding) => finding.flag))
  const numbers = Object.assign({}, ...findings.map((finding) => finding.numbers)) as Record<string, number>
  const red = findings.filter((finding) => finding.severity === 'RED')
  // What the disk changed is not what the person saw.
  const isReleased = red.length > 0 && facts.decision === 'release' && !facts.isDamaged
  if (isReleased) flags.add('RELEASED_BY_PERSON')
  const refuses = !isReleased && red.some(({ flag }) => flag !== 'HELD_BY_PERSON')
  const status = red.length > 0 && !isReleased ? 'RED' : findings.length > 0 ? 'AMBER' : 'GREEN'
  return { status, flags: [...flags].sort(), numbers, refuses }
}

function ask(check: Check, facts: CellFacts, thresholds: QcConfig): Finding | null {
  try {
    return check.judge(facts, thresholds)
  } catch {
    // What it threw names a number that was not measured; the check's id says which evidence is missing, and that is all a ledger holds.
    return { flag: `ERRORED:${check.id}`, severity: 'AMBER', numbers: {} }
  }
}
