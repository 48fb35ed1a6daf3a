/** What a tile of the picture says of its cells: the most serious thing about them, and how large a share of them it concerns. */
import type { Counts } from './grid.ts'

/** From the best to the worst; a number is the step of a share. */
export const STATES = [
  'quiet',
  'present',
  'recent',
  'absent',
  'short',
  'held-1',
  'held-2',
  'held-3',
  'open-1',
  'open-2',
  'open-3',
  'open-4',
] as const
export type State = (typeof STATES)[number]

/**
 * One hue a kind, and darker the larger the share: a hole of one cell in a thousand is hardly darker than none, a month without data is nearly black.
 * What is well is light, so that a dataset that is well looks so.
 */
export const COLOURS: Record<State, string> = {
  quiet: '#e6f1e9',
  present: '#c5e3cf',
  recent: '#9fc3ee',
  absent: '#adb5be',
  short: '#d9a520',
  'held-1': '#efb27c',
  'held-2': '#cf6c22',
  'held-3': '#8e3f00',
  'open-1': '#cfb3dc',
  'open-2': '#a873bf',
  'open-3': '#6f3391',
  'open-4': '#2f0b45',
}

export const LEGEND: Record<State, string> = {
  quiet: 'nothing happened',
  present: 'present',
  recent: 'too recent: vendors do not have it yet',
  absent: 'absent, explained',
  short: 'rows missing in cells',
  'held-1': 'held by QC: up to 2 % of cells',
  'held-2': 'held by QC: up to 20 %',
  'held-3': 'held by QC: more',
  'open-1': 'missing: up to 2 % of cells',
  'open-2': 'missing: up to 20 %',
  'open-3': 'missing: up to 60 %',
  'open-4': 'missing: more',
}

const HELD_STEPS: readonly [share: number, state: State][] = [
  [0.02, 'held-1'],
  [0.2, 'held-2'],
  [1, 'held-3'],
]
const OPEN_STEPS: readonly [share: number, state: State][] = [
  [0.02, 'open-1'],
  [0.2, 'open-2'],
  [0.6, 'open-3'],
  [1, 'open-4'],
]
/** Less than this of a tile does not colour it, unless somebody has to look. */
const HALF = 0.5
/** Fewer short cells than this are told, and not shown. */
const SERIOUS_SHORT = 0.01

const stepOf = (share: number, steps: typeof OPEN_STEPS): State =>
  steps.find(([most]) => share <= most)?.[1] ?? steps[steps.length - 1]![1]

/** Null where nothing is expected. `isQuiet`: the dataset is of events, and a day without one is as it should be. */
export function stateOf(
  { expected, present, open, recent, held, absent, short }: Counts,
  isQuiet = false,
): State | null {
  if (expected === 0) return null
  if (open > recent) return stepOf((open - recent) / expected, OPEN_STEPS)
  if (held > 0) return stepOf(held / expected, HELD_STEPS)
  if (short / expected >= SERIOUS_SHORT) return 'short'
  if (recent / expected >= HALF) return 'recent'
  if (isQuiet) return present > 0 ? 'present' : 'quiet'
  if (absent / expected >= HALF) return 'absent'
  return 'present'
}
