/** Every class of bars there is. A class that is not in this list is not injected. */
import type { FaultClass } from '../fault.ts'
import { CLASSES as dailyMoves } from './daily-moves.ts'
import { CLASSES as dailyScale } from './daily-scale.ts'
import { CLASSES as dailySequence } from './daily-sequence.ts'
import { CLASSES as minuteBars } from './minute-bars.ts'
import { CLASSES as minuteSession } from './minute-session.ts'
import { CLASSES as oneCell } from './one-cell.ts'

export const FAULT_CLASSES: readonly FaultClass[] = [
  ...oneCell,
  ...dailyMoves,
  ...dailyScale,
  ...dailySequence,
  ...minuteSession,
  ...minuteBars,
]
