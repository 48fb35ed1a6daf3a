/** The parts of paths that a caller fills in, by name. */
import { z } from 'zod'
import { DATASETS, SymbolText } from '../_market/cell.ts'
import { DtText } from '../_market/dt.ts'

interface PathPart {
  description: string
  schema: z.ZodType
  example: string
}

export const PATH_PARTS: Record<string, PathPart> = {
  dataset: {
    description: 'A dataset that the configuration has; /coverage takes it with the ending .svg, too.',
    schema: z.union([z.enum(DATASETS), z.string().regex(/^[a-z_]+\.svg$/)]),
    example: 'equities_bars',
  },
  symbol: { description: 'A ticker or a series group.', schema: SymbolText, example: 'AAPL' },
  dt: { description: 'A trading day.', schema: DtText, example: '2025-07-08' },
  asof: { description: 'The as-of day of a bundle.', schema: DtText, example: '2025-07-08' },
  chain: { description: 'A chain of cron.json.', schema: z.string(), example: 'night' },
  path: {
    description:
      'The as-of day of a bundle and a slash for its listing; behind that the path of a file, slashes included; or the day with .tar or .tar.gz.',
    schema: z.string(),
    example: '2025-07-08/',
  },
}
