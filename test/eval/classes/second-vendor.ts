/** Faults that no neighbour contradicts strongly, or none at all: a second vendor's bar shows them. */
import { type EvalRow, enclosed, type FaultClass, oneDay, rounded, scaled, signed } from '../fault.ts'

const oneBar = (name: string, recall: number, change: (row: EvalRow, random: () => number) => EvalRow): FaultClass => ({
  name: `daily: ${name}`,
  dataset: 'equities_bars',
  recall,
  red: false,
  window: 'slot',
  inject: (days, at, random) => oneDay(days, at, (rows) => rows.map((row) => change(row, random))),
})

/** Seen by one vendor alone as well, and decided by two. */
export const ALONE: readonly string[] = [
  'move of',
  'wick of',
  'bad print',
  'whole bar',
  'volume of one exchange',
  'spike of',
]

export const CLASSES: readonly FaultClass[] = [
  oneBar('close wrong by 2 to 4 %', 98, (row, random) =>
    enclosed({ ...row, close: rounded(row.close * signed(random, 0.02 + 0.02 * random())), vwap: null }),
  ),
  oneBar('open wrong by 2 to 4 %', 98, (row, random) =>
    enclosed({ ...row, open: rounded(row.open * signed(random, 0.02 + 0.02 * random())), vwap: null }),
  ),
  oneBar('volume doubled', 95, (row) => ({ ...row, volume: row.volume * 2 })),
  // Missed on a third of days: where open and close are within half a percent, two auctions differ as much.
  oneBar('open and close swapped', 90, (row) => ({ ...row, open: row.close, close: row.open })),
  {
    name: 'minute: volume doubled, a whole day',
    dataset: 'equities_bars_minute',
    recall: 95,
    red: false,
    window: 'slot',
    inject: (days, at) => oneDay(days, at, (rows) => rows.map((row) => scaled(row, 1, 2))),
  },
  {
    name: 'minute: every fourth minute lost',
    dataset: 'equities_bars_minute',
    recall: 90,
    red: false,
    window: 'slot',
    inject: (days, at) => oneDay(days, at, (rows) => rows.filter((_, place) => place % 4 !== 1)),
  },
]
