/** What a range would queue and take. */
import { z } from 'zod'
import { DayText, InstantText } from './ending.ts'

const Cells = z.int().nonnegative()
const ByReason = z.record(z.string(), Cells)

export const EnqueuePreview = z.object({
  ok: z.literal(true),
  dataset: z.string(),
  from: DayText,
  to: DayText,
  symbols: z.int().describe('how many have expected cells in the range'),
  again: z.boolean(),
  queues: Cells.describe('cells that would be queued'),
  alreadyOpen: Cells,
  stalled: Cells.describe('given up until somebody redrives them'),
  present: Cells,
  explained: Cells.describe('without data, and settled'),
  notExpected: ByReason,
  notServed: ByReason,
  vendors: z
    .array(
      z.object({
        vendor: z.string(),
        cells: Cells.describe('that it can be asked for now'),
        calls: Cells,
        doneAt: InstantText.nullable().describe('null where its budget never gets there'),
      }),
    )
    .describe('each as if it alone were asked, and nothing came before'),
})
