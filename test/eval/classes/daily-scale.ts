/** Daily bars at another scale: units, adjusted prices, splits that nobody told of and actions without their step. */
import { changeDays, type Day, dtAt, type EvalRow, type FaultClass, oneDay, scaled } from '../fault.ts'

const RATIOS = [2, 3, 4, 1.5, 10, 0.1, 0.25] as const
const ratioOf = (random: () => number): number => RATIOS[Math.floor(random() * RATIOS.length)] ?? 2

const unit = (name: string, factor: number): FaultClass => ({
  name: `daily: prices ${name}`,
  dataset: 'equities_bars',
  recall: 100,
  red: true,
  window: 'slot',
  inject: (days, at) => oneDay(days, at, (rows) => rows.map((row) => scaled(row, factor))),
})

const adjustedDay: FaultClass = {
  name: 'daily: one day at the scale of a split',
  dataset: 'equities_bars',
  recall: 100,
  red: true,
  window: 'slot',
  inject(days, at, random) {
    const ratio = ratioOf(random)
    return oneDay(days, at, (rows) => rows.map((row) => scaled(row, 1 / ratio, ratio)))
  },
}

/** A clean history with a split at `days[at]` that is told. */
const withSplit = (days: readonly Day[], at: number, ratio: number): Day[] =>
  changeDays(days, at, days.length - 1, (rows) => rows.map((row) => scaled(row, 1 / ratio, ratio)))

const block: FaultClass = {
  name: 'daily: block at the scale of a later split',
  dataset: 'equities_bars',
  recall: 100,
  red: true,
  window: 'symbol',
  inject(days, at, random) {
    const ratio = ratioOf(random)
    const split = days.length - 40
    const length = 5 + Math.floor(random() * 15)
    const until = Math.min(at + length, split - 2)
    const adjusted = (rows: readonly EvalRow[]) => rows.map((row) => scaled(row, 1 / ratio, ratio))
    return {
      days: changeDays(withSplit(days, split, ratio), at, until, adjusted),
      labels: days.slice(at, until + 1).map(({ dt }) => dt),
      splits: [{ exDt: dtAt(days, split), ratio }],
    }
  },
}

const untold: FaultClass = {
  name: 'daily: split that no action tells of',
  dataset: 'equities_bars',
  recall: 92,
  red: false,
  window: 'symbol',
  inject: (days, at, random) => ({ days: withSplit(days, at, ratioOf(random)), labels: [dtAt(days, at)] }),
}

const stepless: FaultClass = {
  name: 'daily: told split without its step',
  dataset: 'equities_bars',
  recall: 92,
  red: false,
  window: 'symbol',
  inject: (days, at, random) => ({
    days,
    labels: [dtAt(days, at)],
    splits: [{ exDt: dtAt(days, at), ratio: ratioOf(random) }],
  }),
}

const oneExchange: FaultClass = {
  name: 'daily: volume of one exchange',
  dataset: 'equities_bars',
  recall: 90,
  red: false,
  window: 'slot',
  inject(days, at, random) {
    const share = 0.02 + 0.02 * random()
    return oneDay(days, at, (rows) => rows.map((row) => scaled(row, 1, share)))
  },
}

export const CLASSES: readonly FaultClass[] = [
  unit('× 100', 100),
  unit('× 1,000', 1000),
  unit('÷ 100', 0.01),
  adjustedDay,
  block,
  untold,
  stepless,
  oneExchange,
]
