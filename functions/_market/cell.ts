/** The words for what the node collects: datasets, symbols and cells. */
import { z } from 'zod'
import type { Dt } from './dt.ts'

export const DATASETS = [
  'equities_bars',
  'equities_bars_minute',
  'options_bars',
  'macro_treasury',
  'corporate_actions',
] as const
export const DatasetName = z.enum(DATASETS)
export type DatasetName = z.infer<typeof DatasetName>

/**
 * A canonical ticker or series group: capitals, digits, and `.` or `-` between them (`BRK.B`, `UST`), at most 16 characters.
 * Nothing that passes can climb out of a folder; names a disk cannot hold are encoded where paths are built.
 */
export const SymbolText = z
  .string()
  .regex(/^[A-Z0-9]+(?:[.-][A-Z0-9]+)*$/, {
    error: (issue) =>
      `expected a symbol such as AAPL or BRK.B (capitals, digits, dots), got ${JSON.stringify(issue.input)}`,
  })
  .max(16)

/** Key of a cell within one dataset. A symbol holds no space, so the key is unambiguous. */
export type CellKey = string
export const cellKey = (symbol: string, dt: Dt): CellKey => `${symbol} ${dt}`
