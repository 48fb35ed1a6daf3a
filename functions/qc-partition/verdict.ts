/** Turns the facts of one cell into GREEN, AMBER or RED by asking every check that applies. Pure. */
import type { QcConfig } from '../../config/schema.ts'
import type { Status } from '../_market/status.ts'
import { type Belief, beliefOf } from './belief.ts'
import type { CellFacts, CellKind } from './cell-facts.ts'
import type { Check, Finding } from './check.ts'
import { isCompared } from './pair-distance.ts'
import { pairNumbers } from './pair-facts.ts'
import type { SecondOutcome } from './second-outcome.ts'

export interface Verdict {
  status: Status
  /** Sorted, each once. */
  flags: string[]
  /** The numbers of all findings. */
  numbers: Record<string, number>
  /** Did a check hold this version? A person who holds a cell says nothing against the version it has. */
  refuses: boolean
  /** Is there a doubt that a second vendor's version could settle? */
  asksSecond: boolean
  /** What a second vendor's version decided; null where there is none, or where nothing had to be decided. */
  second: SecondOutcome | null
}

/**
 * The worst finding decides, unless a person released these rows, or a second vendor's version agrees and every RED finding is of a check that this
 * settles. A check that throws could not look: that is a flag `ERRORED:<id>` and AMBER, never GREEN.
 * A cell with rows that no check looked at, or without rows that no check explains, is AMBER for the same reason. That nothing
 * happened, said by the source, is the ordinary answer to a question about events, and explains itself.
 */
export function verdictOf(kind: CellKind, facts: CellFacts, thresholds: QcConfig, checks: readonly Check[]): Verdict {
  const side = facts.rows > 0 ? 'present' : 'absent'
  const isQuiet = kind === 'events' && side === 'absent' && facts.reason === 'SOURCE_SAYS_NONE'
  const asked = checks.filter(
    ({ judges, kinds }) => kinds.includes(kind) && (judges === 'any' || (judges === side && !isQuiet)),
  )
  const findings = asked.flatMap((check) => {
    const finding = ask(check, facts, thresholds)
    return finding === null ? [] : [{ ...finding, settledBy: check.secondSettles }]
  })
  if (!isQuiet && (asked.length === 0 || (side === 'absent' && findings.length === 0))) {
    findings.push({ flag: 'ERRORED:unchecked', severity: 'AMBER', numbers: {}, settledBy: undefined })
  }
  const flags = new Set(findings.map((finding) => finding.flag))
  const numbers = Object.assign({}, ...findings.map((finding) => finding.numbers)) as Record<string, number>
  const red = findings.filter((finding) => finding.severity === 'RED')
  // What the disk changed is not what the person saw.
  const isReleased = red.length > 0 && facts.decision === 'release' && !facts.isDamaged
  if (isReleased) flags.add('RELEASED_BY_PERSON')
  const belief = side === 'present' ? beliefIn(facts, thresholds) : null
  const doubts = findings.filter(({ settledBy }) => settledBy !== undefined)
  const isShared = ({ settledBy }: (typeof findings)[number]): boolean =>
    settledBy !== undefined && facts.second !== null && isCompared(facts.second, settledBy, thresholds)
  const isConfirmed = belief === 'agree' && doubts.length > 0 && doubts.every(isShared) && red.every(isShared)
  if (isConfirmed) flags.add('CONFIRMED_BY_SECOND')
  const holds = red.length > 0 && !isReleased && !isConfirmed
  const refuses = holds && red.some(({ flag }) => flag !== 'HELD_BY_PERSON')
  return {
    status: holds ? 'RED' : findings.length > 0 ? 'AMBER' : 'GREEN',
    flags: [...flags].sort(),
    numbers,
    refuses,
    asksSecond: doubts.length > 0 && belief === null,
    second: isReleased || holds !== refuses ? null : outcomeOf(facts, belief, { refuses, isConfirmed }),
  }
}

/** A comparison that could not be made settles nothing; the checks that need it say so. */
function beliefIn(facts: CellFacts, thresholds: QcConfig): Belief | null {
  try {
    return beliefOf(facts, thresholds)
  } catch {
    return null
  }
}

function outcomeOf(
  { second: pair }: CellFacts,
  belief: Belief | null,
  { refuses, isConfirmed }: { refuses: boolean; isConfirmed: boolean },
): SecondOutcome | null {
  if (pair === null || belief === null) return null
  const { isSecondRefused, maySecondReturn } = pair
  const came = (action: SecondOutcome['action'], lifts = false) => ({ action, numbers: pairNumbers(pair), lifts })
  if (refuses) return came(isSecondRefused ? 'condemned' : 'replacing')
  if (belief === 'agree' && (isConfirmed || maySecondReturn)) return came('released', maySecondReturn)
  if (isSecondRefused) return came('replaced')
  if (belief === 'agree') return null
  return came(belief === 'undecided' ? 'undecided' : 'kept')
}

function ask(check: Check, facts: CellFacts, thresholds: QcConfig): Finding | null {
  try {
    return check.judge(facts, thresholds)
  } catch {
    // What it threw names a number that was not measured; the check's id says which evidence is missing, and that is all a ledger holds.
    return { flag: `ERRORED:${check.id}`, severity: 'AMBER', numbers: {} }
  }
}
