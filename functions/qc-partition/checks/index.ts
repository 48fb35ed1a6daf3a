/** Every check there is, in the order in which they are asked. A check that is not in this list does not run. */
import type { Check } from '../check.ts'
import { check as actionWithoutStep } from './action-without-step.ts'
import { check as adjustmentMismatch } from './adjustment-mismatch.ts'
import { check as badPrint } from './bad-print.ts'
import { check as completeness } from './completeness.ts'
import { check as continuity } from './continuity.ts'
import { check as contradictingActions } from './contradicting-actions.ts'
import { check as curveKink } from './curve-kink.ts'
import { check as damaged } from './damaged.ts'
import { check as dateMismatch } from './date-mismatch.ts'
import { check as datesShifted } from './dates-shifted.ts'
import { check as duplicateConflict } from './duplicate-conflict.ts'
import { check as duplicateRows } from './duplicate-rows.ts'
import { check as heldByPerson } from './held-by-person.ts'
import { check as longSilence } from './long-silence.ts'
import { check as minuteDailyPrice } from './minute-daily-price.ts'
import { check as minuteDailyVolume } from './minute-daily-volume.ts'
import { check as minuteSpike } from './minute-spike.ts'
import { check as minuteStep } from './minute-step.ts'
import { check as minuteWick } from './minute-wick.ts'
import { check as missing } from './missing.ts'
import { check as mixedAdjustment } from './mixed-adjustment.ts'
import { check as moveUndone } from './move-undone.ts'
import { check as negativeVolume } from './negative-volume.ts'
import { check as nonPositivePrice } from './non-positive-price.ts'
import { check as ohlcOrder } from './ohlc-order.ts'
import { check as otherScale } from './other-scale.ts'
import { check as outdatedRelease } from './outdated-release.ts'
import { check as partialVolume } from './partial-volume.ts'
import { check as repeatedCurve } from './repeated-curve.ts'
import { check as repeatedDay } from './repeated-day.ts'
import { check as repeatedSession } from './repeated-session.ts'
import { check as schema } from './schema.ts'
import { check as secondPrice } from './second-price.ts'
import { check as secondRows } from './second-rows.ts'
import { check as secondSwapped } from './second-swapped.ts'
import { check as secondVolume } from './second-volume.ts'
import { check as sessionBounds } from './session-bounds.ts'
import { check as sessionCut } from './session-cut.ts'
import { check as shiftedHour } from './shifted-hour.ts'
import { check as staleMinutes } from './stale-minutes.ts'
import { check as swappedOpenClose } from './swapped-open-close.ts'
import { check as symbolMismatch } from './symbol-mismatch.ts'
import { check as terms } from './terms.ts'
import { check as untoldSplit } from './untold-split.ts'
import { check as vendorMismatch } from './vendor-mismatch.ts'
import { check as withdrawnAction } from './withdrawn-action.ts'
import { check as yieldMoveUndone } from './yield-move-undone.ts'
import { check as yieldRange } from './yield-range.ts'
import { check as zeroVolume } from './zero-volume.ts'

export const CHECKS: readonly Check[] = [
  missing,
  completeness,
  continuity,
  schema,
  sessionBounds,
  ohlcOrder,
  nonPositivePrice,
  negativeVolume,
  zeroVolume,
  yieldRange,
  yieldMoveUndone,
  curveKink,
  repeatedCurve,
  terms,
  contradictingActions,
  withdrawnAction,
  duplicateRows,
  duplicateConflict,
  adjustmentMismatch,
  symbolMismatch,
  vendorMismatch,
  dateMismatch,
  damaged,
  heldByPerson,
  outdatedRelease,
  otherScale,
  mixedAdjustment,
  badPrint,
  moveUndone,
  untoldSplit,
  actionWithoutStep,
  longSilence,
  repeatedDay,
  datesShifted,
  partialVolume,
  minuteDailyPrice,
  minuteDailyVolume,
  minuteSpike,
  minuteStep,
  minuteWick,
  repeatedSession,
  sessionCut,
  shiftedHour,
  staleMinutes,
  swappedOpenClose,
  secondPrice,
  secondSwapped,
  secondVolume,
  secondRows,
]
