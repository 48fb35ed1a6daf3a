/** A session's minutes seen through the symbol's own liquidity: how many a complete day has, and how much less is too little. */

/** Shares of the expected rows, from config/qc.yaml. */
export interface Tolerance {
  amber_below: number
  red_below: number
}

/** Standard deviations of pure chance a shortfall must exceed before it condemns. */
const CHANCE = 3

/** Rows of a complete session of a symbol that trades in `share` of the minutes. */
export const expectedMinutes = (share: number, sessionMinutes: number): number => Math.round(share * sessionMinutes)

export interface Shortfall {
  rows: number
  expected: number
  sessionMinutes: number
  share: number
}

/** `short` is a truncated answer; `missing` wants to be seen, but may be chance. */
export function shortfallOf(
  { rows, expected, sessionMinutes, share }: Shortfall,
  { amber_below, red_below }: Tolerance,
): 'none' | 'missing' | 'short' {
  if (rows >= expected * amber_below) return 'none'
  // Whether a thin name trades in a minute is close to a coin toss: 12 of its usual 20 minutes is an ordinary day, while
  // 240 of 390 never is. The spread of `sessionMinutes` tosses (binomial) separates the two; it vanishes for liquid names.
  const chance = CHANCE * Math.sqrt(sessionMinutes * share * Math.max(0, 1 - share))
  return rows < expected * red_below && rows < expected - chance ? 'short' : 'missing'
}
