/**
 * Which of two versions that differ is believed: the one that its own history and the other do not both contradict. Pure. A version is contradicted when a
 * check of its own finds it at odds with its neighbours, or when it leaves them and returns and the other does not.
 */
import type { QcConfig } from '../../config/schema.ts'
import type { CellFacts } from './cell-facts.ts'
import type { Check, Severity } from './check.ts'
import { check as badPrint } from './checks/bad-print.ts'
import { check as minuteDailyPrice } from './checks/minute-daily-price.ts'
import { check as minuteDailyVolume } from './checks/minute-daily-volume.ts'
import { check as minuteSpike } from './checks/minute-spike.ts'
import { check as minuteStep } from './checks/minute-step.ts'
import { check as minuteWick } from './checks/minute-wick.ts'
import { check as mixedAdjustment } from './checks/mixed-adjustment.ts'
import { check as moveUndone } from './checks/move-undone.ts'
import { check as otherScale } from './checks/other-scale.ts'
import { check as partialVolume } from './checks/partial-volume.ts'
import { check as repeatedDay } from './checks/repeated-day.ts'
import { check as repeatedSession } from './checks/repeated-session.ts'
import { check as sessionCut } from './checks/session-cut.ts'
import { check as swappedOpenClose } from './checks/swapped-open-close.ts'
import { distanceOf, type Subject } from './pair-distance.ts'
import type { PairFacts } from './pair-facts.ts'

/** `first` and `second`: the one that is believed. */
export type Belief = 'agree' | 'first' | 'second' | 'neither' | 'undecided'

const CHECKS: Record<Subject, readonly Check[]> = {
  prices: [
    ...[otherScale, mixedAdjustment, badPrint, moveUndone, repeatedDay],
    ...[minuteStep, minuteDailyPrice, minuteSpike, minuteWick, swappedOpenClose, repeatedSession],
  ],
  volume: [partialVolume, minuteDailyVolume],
  rows: [sessionCut, minuteDailyVolume],
}

/** Null where there is no second version. */
export function beliefOf(facts: CellFacts, qc: QcConfig): Belief | null {
  const pair = facts.second
  if (pair === null) return null
  const { prices, isSwapped, volume, rows } = distanceOf(pair, qc)
  if (prices > 0 || isSwapped || pair.firstBroken || pair.secondBroken) return ofPrices(facts, pair, prices, qc)
  if (rows !== 0) return ofChecks(facts, pair, 'rows', qc)
  if (volume !== 0) return ofVolume(facts, pair, qc)
  return 'agree'
}

function ofPrices(facts: CellFacts, pair: PairFacts, apart: number, qc: QcConfig): Belief {
  if (pair.firstBroken || pair.secondBroken)
    return pair.firstBroken && pair.secondBroken ? 'neither' : pair.firstBroken ? 'second' : 'first'
  const { excursion, excursionScales } = pair
  const { excursion_scales: least, excursion_share: share } = qc.second.believed
  const checked = ofChecks(facts, pair, 'prices', qc)
  if (checked === 'neither' || excursion === null || excursionScales === null) return checked
  // What the checks say must not be against the neighbours.
  if (checked === 'second') return excursion > 0 ? checked : 'undecided'
  if (checked === 'first') return excursion < 0 ? checked : 'undecided'
  if (Math.abs(excursionScales) < least || Math.abs(excursion) < share * apart || excursion * excursionScales < 0)
    return 'undecided'
  return excursion > 0 ? 'second' : 'first'
}

function ofVolume(facts: CellFacts, pair: PairFacts, qc: QcConfig): Belief {
  const checked = ofChecks(facts, pair, 'volume', qc)
  if (checked !== 'undecided' || pair.volumeExcursion === null) return checked
  if (Math.abs(pair.volumeExcursion) < qc.second.believed.volume_excursion) return 'undecided'
  return pair.volumeExcursion > 0 ? 'second' : 'first'
}

function ofChecks(facts: CellFacts, pair: PairFacts, subject: Subject, qc: QcConfig): Belief {
  const first = worstOf({ ...facts, around: pair.firstAround ?? facts.around }, subject, qc)
  const second = worstOf(
    { ...facts, around: pair.secondAround, minutes: pair.secondMinutes, regularRows: rowsOfSecond(facts, pair) },
    subject,
    qc,
  )
  if (first === 'unmeasured' || second === 'unmeasured') return 'undecided'
  if (first === 'RED' && second === 'RED') return 'neither'
  if (first !== null && second === null) return 'second'
  if (first === null && second !== null) return 'first'
  return 'undecided'
}

const rowsOfSecond = ({ regularRows }: CellFacts, { rows }: PairFacts): number | null =>
  regularRows === null || rows === null ? regularRows : Math.round(regularRows / Math.exp(rows))

/** Both versions must have been measured: what nobody looked at contradicts nothing. */
function worstOf(facts: CellFacts, subject: Subject, qc: QcConfig): Severity | 'unmeasured' | null {
  const kind = facts.minutes !== null ? 'session_minutes' : facts.around !== null ? 'one' : null
  if (kind === null) return 'unmeasured'
  const found = CHECKS[subject]
    .filter(({ kinds }) => kinds.includes(kind))
    .flatMap((check) => check.judge(facts, qc)?.severity ?? [])
  return found.includes('RED') ? 'RED' : (found[0] ?? null)
}
