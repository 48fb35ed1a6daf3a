/** What a tile of the picture says of its cells: the most serious thing about them, and how large a share of them it concerns. */
import type { Counts } from './grid.ts'

/** From the best to the worst; a number is the step of a share. */
export const STATES = [
  'quiet',
  'present',
  'nearly',
  'recent',
  'absent',
  'short',
  'held-1',
  'held-2',
  'open-1',
  'open-2',
  'open-3',
] as const
export type State = (typeof STATES)[number]

/**
 * One hue a kind, and darker the larger the share: a hole of one cell in a thousand is hardly darker than none, a month without data is nearly black.
 * What is well is light, so that a dataset that is well looks so.
 */
export const COLOURS: Record<State, string> = {
  quiet: '#e6f1e9',
  present: '#c5e3cf',
  nearly: '#b2d7bf',
  recent: '#9fc3ee',
  absent: '#adb5be',
  short: '#d9a520',
  'held-1': '#cf6c22',
  'held-2': '#8e3f00',
  'open-1': '#a873bf',
  'open-2': '#6f3391',
  'open-3': '#2f0b45',
}

export const LEGEND: Record<State, string> = {
  quiet: 'nothing happened',
  present: 'present',
  nearly: 'present, up to 2 % missing or held',
  recent: 'too recent: vendors do not have it yet',
  absent: 'absent, explained',
  short: 'rows missing in cells',
  'held-1': 'held by QC: up to 20 % of cells',
  'held-2': 'held by QC: more',
  'open-1': 'missing: up to 20 % of cells',
  'open-2': 'missing: up to 60 %',
  'open-3': 'missing: more',
}

type Steps = readonly [share: number, state: State][]
const HELD_STEPS: Steps = [
  [0.02, 'nearly'],
  [0.2, 'held-1'],
  [1, 'held-2'],
]
const OPEN_STEPS: Steps = [
  [0.02, 'nearly'],
  [0.2, 'open-1'],
  [0.6, 'open-2'],
  [1, 'open-3'],
]
/** Less than this of a tile does not colour it, unless somebody has to look. */
const HALF = 0.5
/** Fewer short cells than this are told, and not shown. */
const SERIOUS_SHORT = 0.01

/** Null where there is nothing of it. */
const stepOf = (share: number, steps: Steps): State | null =>
  share <= 0 ? null : (steps.find(([most]) => share <= most)?.[1] ?? steps[steps.length - 1]![1])

/** Null where nothing is expected. `isQuiet`: the dataset is of events, and a day without one is as it should be. */
export function stateOf(
  { expected, present, open, recent, held, absent, short }: Counts,
  isQuiet = false,
): State | null {
  if (expected === 0) return null
  const missing = stepOf((open - recent) / expected, OPEN_STEPS)
  const refused = stepOf(held / expected, HELD_STEPS)
  if (missing !== null && missing !== 'nearly') return missing
  if (refused !== null && refused !== 'nearly') return refused
  if (short / expected >= SERIOUS_SHORT) return 'short'
  if (missing !== null || refused !== null) return 'nearly'
  if (recent / expected >= HALF) return 'recent'
  if (isQuiet) return present > 0 ? 'present' : 'quiet'
  return absent / expected >= HALF ? 'absent' : 'present'
}
