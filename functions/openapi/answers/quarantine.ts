/** Samples of what vendors sent that is not what they document. */
import { z } from 'zod'
import { DayText, InstantText } from './ending.ts'

export const Quarantine = z.object({
  ok: z.literal(true),
  samples: z.array(
    z.object({
      vendor: z.string(),
      dataset: z.string(),
      symbol: z.string().nullable(),
      dt: DayText.nullable(),
      outcome: z.string(),
      status: z.int().nullable().describe('of HTTP'),
      message: z.string(),
      sample: z.string().nullable(),
      at: InstantText.describe('the newest sighting'),
      times: z.int(),
    }),
  ),
})
