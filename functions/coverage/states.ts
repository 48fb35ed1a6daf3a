/** What a tile of the picture says of its cells: one state, the most serious one that concerns at least one cell in a hundred. */
import type { Counts } from './grid.ts'

/** From the best to the worst. */
export const STATES = ['present', 'nearly', 'short', 'absent', 'held', 'open'] as const
export type State = (typeof STATES)[number]

/**
 * Lightness falls by ten or more (CIE L* about 92, 81, 70, 55, 38, 12) from each state to the next worse one, so that the picture reads
 * the same in greyscale and to every colour-blind eye; the hues only help.
 */
export const COLOURS: Record<State, string> = {
  present: '#d7ecf7',
  nearly: '#9fd0e8',
  short: '#dfa51c',
  absent: '#7c8794',
  held: '#8e3f00',
  open: '#2b0b2e',
}

export const LEGEND: Record<State, string> = {
  present: 'all present',
  nearly: 'present, less than 1 % is not well',
  short: 'rows missing in cells',
  absent: 'absent, explained',
  held: 'held by QC',
  open: 'missing: queued, waiting or given up',
}

const SERIOUS = 0.01

/** Null where nothing is expected. */
export function stateOf({ expected, open, held, absent, short }: Counts): State | null {
  if (expected === 0) return null
  const isSerious = (cells: number): boolean => cells / expected >= SERIOUS
  if (isSerious(open)) return 'open'
  if (isSerious(held)) return 'held'
  if (isSerious(absent)) return 'absent'
  if (isSerious(short)) return 'short'
  return open + held + absent + short > 0 ? 'nearly' : 'present'
}
