/** What became of an acknowledgement. */
import { z } from 'zod'
import { DayText } from './ending.ts'

const Cells = z.int().nonnegative()

export const Acknowledged = z.object({
  ok: z.literal(true),
  asof: DayText,
  puller: z.string(),
  matches: z.boolean().describe('whether the puller has the bundle as it stands'),
  missed: Cells,
  enqueued: Cells,
  raised: Cells,
  alreadyOpen: Cells,
  present: Cells,
  explained: Cells,
  notExpected: Cells,
  notServed: Cells,
  unknown: Cells,
  because: z.array(z.string()).describe('why some are unknown'),
  more: z.literal(false),
  nextAt: z.null(),
})
