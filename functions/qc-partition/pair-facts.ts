/** What is measured of a cell that two vendors have delivered: how far the versions are apart, and how well each fits what stands around it. */
import type { AroundName } from './daily-measures.ts'
import type { MinuteFacts } from './minute-facts.ts'

/** `first` is the version that was curated, `second` the other one. Differences are logarithms of first over second: 0.01 is 1 %. */
export interface PairFacts {
  /** Of minutes those of the regular session: first open, highest, lowest, last close. 0 within a tick; null where a price is not above zero. */
  open: number | null
  high: number | null
  low: number | null
  close: number | null
  /** How far open and close are from each other's column, and how far they are from their own: the larger and the smaller of the two. */
  crosswise: number | null
  straight: number | null
  /** Usual range of the symbol's day; of minutes the smaller range of the two. */
  range: number | null
  /** Volume against the pair's usual ratio, and how much that ratio scatters (a standard deviation); null while too few pairs are known. */
  volume: number | null
  volumeScatter: number | null
  /** Minutes of the session, as they are and against the usual ratio. */
  rows: number | null
  rowsUsual: number | null
  rowsScatter: number | null
  /** Does the version break the order of its prices, or hold one at or below zero? */
  firstBroken: boolean
  secondBroken: boolean
  /** How much more the first leaves its neighbours and returns than the second, as a logarithm and in the symbol's own scales. Daily bars alone. */
  excursion: number | null
  excursionScales: number | null
  /** How much farther the first's volume is from what is usual for the symbol. Daily bars alone. */
  volumeExcursion: number | null
  /** What stands out of each version beside its own neighbours. Daily bars alone. */
  firstAround: Partial<Record<AroundName, number>> | null
  secondAround: Partial<Record<AroundName, number>> | null
  /** Of minutes: what the second version measures. */
  secondMinutes: MinuteFacts | null
  /** Did QC refuse the second version before? */
  isSecondRefused: boolean
  /** And for nothing but what is settled where both agree? */
  maySecondReturn: boolean
}

/** The numbers that a person needs to follow a decision. */
export function pairNumbers(pair: PairFacts): Record<string, number> {
  const { open, high, low, close, volume, rows, excursion, excursionScales } = pair
  const all = { open, high, low, close, volume, rows, excursion, excursion_scales: excursionScales }
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [[`second_${name}`, value]])),
  ) as Record<string, number>
}
