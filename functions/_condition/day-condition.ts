/** The condition of a trading day of a dataset, decided from its counts. Pure. */
import type { Dt } from '../_market/dt.ts'

/** From the worst to the best; the first that applies counts. The list is closed. */
export const CONDITIONS = ['missing', 'pending', 'degraded', 'complete'] as const
export type Condition = (typeof CONDITIONS)[number]

/** expected = present + absent + pending + missing; short, amber and held cells are present. */
export interface DayCounts {
  expected: number
  present: number
  short: number
  amber: number
  held: number
  /** Not there, for a known reason. */
  absent: number
  /** Neither there nor explained: on the queue or on its way into it, or delivered and not judged yet. */
  pending: number
  /** Neither there nor explained, and nobody is going to ask soon. */
  missing: number
  /** Judged, and judged again when the next session is there. */
  provisional: number
}

export interface DayCondition extends DayCounts {
  dt: Dt
  condition: Condition
  /** Epoch ms from which nothing that is planned changes the day; null while something does. */
  finalAt: number | null
  /** Epoch ms of the night that first judged what the day holds now; null where it is not judged. */
  lastChanged: number | null
}

export function conditionOf({ missing, pending, provisional, short, amber, held }: DayCounts): Condition {
  if (missing > 0) return 'missing'
  if (pending + provisional > 0) return 'pending'
  return short + amber + held > 0 ? 'degraded' : 'complete'
}
