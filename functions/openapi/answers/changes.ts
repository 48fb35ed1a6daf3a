/** What vendors changed in data that they had delivered. */
import { z } from 'zod'
import { Difference } from '../../_market/difference.ts'
import { DayText, InstantText } from './ending.ts'

export const Changes = z.object({
  ok: z.literal(true),
  changes: z.array(
    z.object({
      dataset: z.string(),
      symbol: z.string(),
      dt: DayText,
      vendor: z.string(),
      foundAt: InstantText,
      window: z.int().nullable().describe('sessions after the day, where re-reading found it'),
      verdict: z.enum(['replaced', 'kept_more_rows']),
      previous: z.string().describe('the first 32 digits of the digest before'),
      digest: z.string(),
      rowsBefore: z.int(),
      rows: z.int(),
      difference: Difference.nullable(),
      sentence: z.string(),
      why: z.string().describe('the path that explains the cell'),
    }),
  ),
  next: z.string().nullable().describe('the address of the next page'),
})
