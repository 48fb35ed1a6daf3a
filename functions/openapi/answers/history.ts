/** What the node did over time. */
import { z } from 'zod'
import { DayText } from './ending.ts'

const Count = z.int().nonnegative()

export const History = z.object({
  ok: z.literal(true),
  bundles: z.array(z.object({ asof: DayText, files: Count, bytes: Count })),
  quality: z.array(
    z.object({
      dataset: z.string(),
      days: z.array(z.object({ dt: DayText, present: Count, held: Count, amber: Count })),
    }),
  ),
  calls: z.array(
    z.object({ vendor: z.string(), days: z.array(z.object({ day: DayText, calls: Count, rows: Count })) }),
  ),
})
