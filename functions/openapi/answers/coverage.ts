/** Counts of cells by year or month. */
import { z } from 'zod'
import { DayText } from './ending.ts'

const Cells = z.int().nonnegative()

const counts = {
  expected: Cells.describe('present, absent and open ones together'),
  present: Cells,
  short: Cells,
  held: Cells,
  absent: Cells,
  open: Cells,
  absentBecause: z.record(z.string(), Cells),
  openBecause: z.record(z.string(), Cells),
}

export const Coverage = z.object({
  ok: z.literal(true),
  dataset: z.string(),
  asof: DayText,
  from: DayText,
  to: DayText,
  symbols: z.int().describe('how many were counted'),
  by: z.enum(['year', 'month']),
  total: z.object(counts),
  periods: z.array(z.object({ period: z.string(), from: DayText, to: DayText, ...counts })),
})
