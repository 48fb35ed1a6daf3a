/** What the checks say of cells that two vendors have delivered, alike but for one thing. */
import type { PairFacts } from '../../../functions/qc-partition/pair-facts.ts'
import { CLEAN_MINUTES } from './minute-cases.ts'

const ALIKE: PairFacts = {
  open: 0.004,
  high: 0,
  low: -0.002,
  close: 0.001,
  crosswise: 0.02,
  straight: 0.001,
  range: 0.02,
  volume: 0.05,
  volumeScatter: 0.01,
  rows: null,
  rowsUsual: null,
  rowsScatter: null,
  firstBroken: false,
  secondBroken: false,
  excursion: 0,
  excursionScales: 0,
  volumeExcursion: 0,
  firstAround: {},
  secondAround: {},
  secondMinutes: null,
  isSecondRefused: false,
  maySecondReturn: false,
}
export const ALIKE_MINUTES: PairFacts = {
  ...ALIKE,
  crosswise: null,
  straight: null,
  rows: -0.01,
  rowsUsual: 0.01,
  rowsScatter: 0.01,
  excursion: null,
  excursionScales: null,
  volumeExcursion: null,
  firstAround: null,
  secondAround: null,
  secondMinutes: CLEAN_MINUTES,
}
const undone = { undone: 0.06, undoneGaps: 8, undoneBothGaps: 8, undoneRest: 0, together: 0 }
const swapped = { open: 0.03, close: -0.03, crosswise: 0, straight: 0.03 }

const bar = (check: string, change: Partial<PairFacts>, says: string | null) =>
  [check, 'daily', { ...ALIKE, ...change }, says] as const
const minutes = (check: string, change: Partial<PairFacts>, says: string | null) =>
  [check, 'minute', { ...ALIKE_MINUTES, ...change }, says] as const

export const PAIR_CASES: readonly (readonly [
  check: string,
  kind: 'daily' | 'minute',
  second: PairFacts,
  says: string | null,
])[] = [
  bar('second-price', {}, null),
  bar('second-price', { close: 0.0099 }, null),
  bar('second-price', { close: 0.011 }, 'AMBER VENDORS_PRICE_DIFFERS'),
  // A name that ranges over 10 % a day.
  bar('second-price', { high: 0.024, range: 0.1 }, null),
  bar('second-price', { high: 0.026, range: 0.1 }, 'AMBER VENDORS_PRICE_DIFFERS'),
  bar('second-price', { close: 0.05, excursion: 0.06, excursionScales: 9 }, 'RED VENDORS_PRICE_DIFFERS'),
  bar('second-price', { close: 0.05, excursion: 0.06, excursionScales: 3.9 }, 'AMBER VENDORS_PRICE_DIFFERS'),
  bar('second-price', { close: 0.05, excursion: 0.02, excursionScales: 9 }, 'AMBER VENDORS_PRICE_DIFFERS'),
  bar('second-price', { close: 0.05, excursion: -0.06, excursionScales: -9 }, null),
  bar(
    'second-price',
    { close: 0.05, excursion: 0.01, excursionScales: 1, firstAround: undone },
    'RED VENDORS_PRICE_DIFFERS',
  ),
  bar('second-price', { close: 0.05, excursion: -0.01, excursionScales: -1, secondAround: undone }, null),
  bar('second-price', { close: 0.05, firstAround: undone, secondAround: undone }, 'AMBER VENDORS_PRICE_DIFFERS'),
  bar(
    'second-price',
    { close: 0.05, firstAround: { otherUnit: 1 }, secondAround: { otherUnit: 1 } },
    'RED VENDORS_PRICE_DIFFERS',
  ),
  // The neighbours speak against what the check says.
  bar(
    'second-price',
    { close: 0.05, excursion: -0.01, excursionScales: -1, firstAround: undone },
    'AMBER VENDORS_PRICE_DIFFERS',
  ),
  bar('second-price', { close: 0.05, firstBroken: true }, 'RED VENDORS_PRICE_DIFFERS'),
  bar('second-price', { close: 0.05, secondBroken: true }, null),
  bar('second-price', swapped, null),
  bar('second-swapped', {}, null),
  bar('second-swapped', swapped, 'AMBER VENDORS_OPEN_CLOSE_SWAPPED'),
  bar('second-swapped', { ...swapped, excursion: 0.05, excursionScales: 6 }, 'RED VENDORS_OPEN_CLOSE_SWAPPED'),
  bar('second-swapped', { ...swapped, excursion: -0.05, excursionScales: -6 }, null),
  bar('second-swapped', { ...swapped, straight: 0.003 }, null),
  bar('second-swapped', { ...swapped, crosswise: 0.005, straight: 0.016 }, 'AMBER VENDORS_OPEN_CLOSE_SWAPPED'),
  bar('second-swapped', { ...swapped, crosswise: 0.005, straight: 0.014 }, null),
  bar('second-volume', {}, null),
  bar('second-volume', { volume: 0.39 }, null),
  bar('second-volume', { volume: 0.69 }, 'AMBER VENDORS_VOLUME_DIFFERS'),
  bar('second-volume', { volume: 0.69, volumeScatter: 0.2 }, null),
  bar('second-volume', { volume: null, volumeScatter: null }, null),
  bar('second-volume', { volume: -3.6, volumeExcursion: 3 }, 'RED VENDORS_VOLUME_DIFFERS'),
  bar('second-volume', { volume: -3.6, volumeExcursion: -3 }, null),
  bar(
    'second-volume',
    { volume: 0.69, close: 0.05, excursion: 0.06, excursionScales: 9 },
    'AMBER VENDORS_VOLUME_DIFFERS',
  ),
  minutes('second-price', {}, null),
  minutes('second-price', { high: 0.2 }, 'AMBER VENDORS_PRICE_DIFFERS'),
  minutes('second-price', { high: -0.2, secondMinutes: { ...CLEAN_MINUTES, wick: 0.2 } }, null),
  minutes('second-rows', {}, null),
  minutes('second-rows', { rows: -0.3, rowsUsual: -0.3 }, 'AMBER VENDORS_ROWS_DIFFER'),
  minutes('second-rows', { rows: -0.3, rowsUsual: -0.3, rowsScatter: 0.06 }, null),
  minutes('second-rows', { rows: -0.3, rowsUsual: null, rowsScatter: null }, null),
  minutes('second-rows', { rows: 0.3, rowsUsual: 0.3, secondMinutes: { ...CLEAN_MINUTES, dailyVolume: 0.6 } }, null),
]
