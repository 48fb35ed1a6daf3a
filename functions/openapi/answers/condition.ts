/** Each trading day of a dataset: complete or not, and since when it is final. */
import { z } from 'zod'
import { CONDITIONS } from '../../_condition/day-condition.ts'
import { DayText, InstantText } from './ending.ts'

const Count = z.int().nonnegative()

export const Condition = z.object({
  ok: z.literal(true),
  dataset: z.string(),
  asof: DayText,
  from: DayText,
  to: DayText,
  total: z.object({ days: Count, missing: Count, pending: Count, degraded: Count, complete: Count }),
  days: z.array(
    z.object({
      dt: DayText,
      condition: z.enum(CONDITIONS),
      expected: Count,
      present: Count,
      short: Count,
      amber: Count,
      held: Count,
      absent: Count,
      pending: Count,
      missing: Count,
      provisional: Count,
      finalAt: InstantText.nullable(),
      lastChanged: InstantText.nullable(),
    }),
  ),
})
