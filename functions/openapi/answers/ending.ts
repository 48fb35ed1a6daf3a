/** How any call ends: well, with what a function adds, or with one sentence on what went wrong. */
import { z } from 'zod'

/** An instant as UTC text. */
export const InstantText = z.string().meta({ format: 'date-time' })
export const DayText = z.string().meta({ format: 'date' })

/** A function adds its counts. */
export const Ending = z.looseObject({
  ok: z.literal(true),
  more: z.boolean().describe('whether to call again at once'),
  nextAt: InstantText.nullable().describe('when calling again is worth it'),
})

/** A refusal for now adds when to ask again. */
export const Refusal = z.object({ ok: z.literal(false), error: z.string(), nextAt: InstantText.optional() })
