/** What one cell proves alone, daily and minute: missing, repeated rows, signs, order, bounds, mixed adjustment. */
import { type EvalRow, type FaultClass, type Injected, oneDay, rounded } from '../fault.ts'

const LABEL = { equities_bars: 'daily', equities_bars_minute: 'minute' } as const
const HOUR = 3_600_000

/** One row of the day, changed. */
const oneRow = (rows: readonly EvalRow[], random: () => number, change: (row: EvalRow) => EvalRow): EvalRow[] => {
  const chosen = Math.floor(random() * rows.length)
  return rows.map((row, at) => (at === chosen ? change(row) : row))
}

function classesOf(dataset: Injected): FaultClass[] {
  const fault = (
    name: string,
    red: boolean,
    change: (rows: readonly EvalRow[], random: () => number) => readonly EvalRow[],
  ): FaultClass => ({
    name: `${LABEL[dataset]}: ${name}`,
    dataset,
    recall: 100,
    red,
    window: 'slot',
    inject: (days, at, random) => oneDay(days, at, (rows) => change(rows, random)),
  })
  const copies = (rows: readonly EvalRow[], random: () => number, change: (row: EvalRow) => EvalRow) => {
    const row = rows[Math.floor(random() * rows.length)]
    return row === undefined ? rows : [...rows, change(row)]
  }
  return [
    // Without a vendor to ask, the node explains why nothing came: flagged, not RED.
    fault('missing', false, () => []),
    fault('row twice', false, (rows, random) => copies(rows, random, (row) => row)),
    fault('row twice with other values', true, (rows, random) =>
      copies(rows, random, (row) => ({ ...row, close: rounded((row.high + row.low) / 2 + 0.0003) })),
    ),
    fault('high below low', true, (rows, random) =>
      oneRow(rows, random, (row) => ({ ...row, high: rounded(row.low * 0.99) })),
    ),
    fault('negative price', true, (rows, random) => oneRow(rows, random, (row) => ({ ...row, low: -row.low }))),
    fault('price of zero', true, (rows, random) => oneRow(rows, random, (row) => ({ ...row, low: 0 }))),
    fault('negative volume', true, (rows, random) => oneRow(rows, random, (row) => ({ ...row, volume: -row.volume }))),
    fault('stamped outside of the day', true, (rows, random) =>
      oneRow(rows, random, (row) => ({ ...row, ts: row.ts - (dataset === 'equities_bars' ? 30 : 16) * HOUR })),
    ),
    fault('adjusted rows among raw ones', true, (rows, random) =>
      oneRow(rows, random, (row) => ({ ...row, adjustment: 'split' })),
    ),
  ]
}

export const CLASSES: readonly FaultClass[] = [...classesOf('equities_bars'), ...classesOf('equities_bars_minute')]
