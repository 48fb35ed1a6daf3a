/** The universe as it applies. */
import { z } from 'zod'
import { DayText, InstantText } from './ending.ts'

const StatedBy = z.union([
  z.enum(['universe', 'calendar']),
  z.array(z.object({ vendor: z.string(), askedAt: InstantText.nullable() })),
])

export const Symbols = z.object({
  ok: z.literal(true),
  universe: z.int(),
  contradictions: z.int(),
  suggestions: z.int(),
  symbols: z.array(
    z.object({
      symbol: z.string(),
      from: DayText,
      fromStatedBy: StatedBy,
      to: DayText.nullable(),
      toStatedBy: StatedBy,
      was: z.array(z.looseObject({ symbol: z.string() })).describe('earlier tickers'),
      wasStatedBy: StatedBy,
      contradictions: z.array(z.string()),
      suggestions: z.array(z.string()),
      vendors: z.array(z.looseObject({ vendor: z.string() })).describe('what each vendor stated'),
    }),
  ),
})
