/** In what two vendors' versions of a cell differ more than vendors do in life. Pure. */
import type { QcConfig } from '../../config/schema.ts'
import type { PairFacts } from './pair-facts.ts'

/** What two versions are compared in. */
export type Subject = 'prices' | 'volume' | 'rows'

export interface PairDistance {
  /** The farthest of the four prices beyond the margin, as a logarithm; 0 where all are within it. */
  prices: number
  /** Open and close stand in each other's column. */
  isSwapped: boolean
  /** Volume and number of minutes against the pair's usual ratio; 0 within the margin, and where the ratio is not known. */
  volume: number
  rows: number
}

export function distanceOf(pair: PairFacts, { second }: QcConfig): PairDistance {
  const isSwapped =
    pair.crosswise !== null &&
    pair.straight !== null &&
    pair.crosswise <= second.swapped.crosswise &&
    pair.straight >= Math.max(second.swapped.straight, second.swapped.times * pair.crosswise)
  const margin = Math.max(second.price.margin, second.price.of_range * (pair.range ?? 0))
  const prices = Math.max(...[pair.open, pair.high, pair.low, pair.close].map((apart) => Math.abs(apart ?? 0)))
  return {
    prices: prices > margin ? prices : 0,
    isSwapped,
    volume: beyond(pair.volume, second.volume, pair.volumeScatter),
    rows: beyond(pair.rowsUsual, second.rows, pair.rowsScatter),
  }
}

/** Could they be compared in it? Of a pair whose usual ratio is not known as many minutes, to the margin, are as many. */
export function isCompared(pair: PairFacts, subject: Subject, { second }: QcConfig): boolean {
  switch (subject) {
    case 'prices':
      return [pair.open, pair.high, pair.low, pair.close].every((apart) => apart !== null)
    case 'volume':
      return pair.volume !== null
    case 'rows':
      return pair.rowsUsual !== null || (pair.rows !== null && Math.abs(pair.rows) <= second.rows.margin)
    default:
      return subject satisfies never
  }
}

/** A ratio that scatters from day to day must leave its usual by more. */
function beyond(
  apart: number | null,
  { margin, scatters }: { margin: number; scatters: number },
  scatter: number | null,
): number {
  if (apart === null) return 0
  return Math.abs(apart) > Math.max(margin, scatters * (scatter ?? 0)) ? apart : 0
}
