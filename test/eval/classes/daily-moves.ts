/** Daily bars whose close left and came back overnight, and bars with a wick that nobody traded at. */
import { dtAt, enclosed, type FaultClass, oneDay, rounded, scaled, signed } from '../fault.ts'

const undone = (percent: number, recall: number): FaultClass => ({
  name: `daily: move of ${percent} % undone overnight`,
  dataset: 'equities_bars',
  recall,
  red: false,
  window: 'slot',
  inject(days, at, random) {
    const factor = signed(random, percent / 100)
    return oneDay(days, at, (rows) =>
      rows.map((row) => enclosed({ ...row, close: rounded(row.open * factor), vwap: null })),
    )
  },
})

const wick = (percent: number, recall: number, red: boolean): FaultClass => ({
  name: `daily: wick of ${percent} %`,
  dataset: 'equities_bars',
  recall,
  red,
  window: 'slot',
  inject(days, at, random) {
    const up = random() < 0.5
    return oneDay(days, at, (rows) =>
      rows.map((row) =>
        up
          ? { ...row, high: rounded(Math.max(row.open, row.close) * (1 + percent / 100)) }
          : { ...row, low: rounded(Math.min(row.open, row.close) * (1 - percent / 100)) },
      ),
    )
  },
})

const badPrint: FaultClass = {
  name: 'daily: open is a bad print, 25 to 60 % away',
  dataset: 'equities_bars',
  recall: 95,
  red: false,
  window: 'slot',
  inject(days, at, random) {
    const factor = signed(random, 0.25 + 0.35 * random())
    return oneDay(days, at, (rows) =>
      rows.map((row) => enclosed({ ...row, open: rounded(row.open * factor), vwap: null })),
    )
  },
}

const crossed: FaultClass = {
  name: 'daily: whole bar 15 to 40 % away for one day',
  dataset: 'equities_bars',
  recall: 90,
  red: false,
  window: 'slot',
  inject(days, at, random) {
    const factor = signed(random, 0.15 + 0.25 * random())
    return { ...oneDay(days, at, (rows) => rows.map((row) => scaled(row, factor))), labels: [dtAt(days, at)] }
  },
}

export const CLASSES: readonly FaultClass[] = [
  undone(5, 65),
  undone(10, 90),
  undone(30, 100),
  wick(10, 95, false),
  wick(20, 95, false),
  wick(80, 100, true),
  badPrint,
  crossed,
]
