/** What a second vendor's version of a cell decided. A closed list; the ledger, /why and the bundle show these words. */

/**
 * `replacing`: this version is refused and the other is about to be curated. `replaced`: that was done. `released`: both agree, so a doubt does not hold
 * the cell. `condemned`: both are refused. `kept`: the other version is the wrong one. `undecided`: they differ, and nothing says which is wrong.
 */
export type SecondAction = 'replacing' | 'replaced' | 'released' | 'condemned' | 'kept' | 'undecided'

export interface SecondOutcome {
  action: SecondAction
  /** How far the versions are apart, and how far one leaves its neighbours and returns. */
  numbers: Record<string, number>
  /** The second version was refused for what both agree in: it may win again. */
  lifts: boolean
}

/** Flags of what a second version settles: a version that was refused for nothing else counts again once both agree. */
const SETTLED: ReadonlySet<string> = new Set([
  ...[
    'BAD_PRINT',
    'MOVE_UNDONE',
    'OTHER_SCALE',
    'PARTIAL_VOLUME',
    'REPEATED_DAY',
    'MINUTE_SPIKE',
    'MINUTE_WICK',
    'MINUTE_UNIT',
  ],
  ...[
    'OPEN_CLOSE_SWAPPED',
    'DAILY_PRICE_DIFFERS',
    'DAILY_VOLUME_DIFFERS',
    'SESSION_CUT',
    'MINUTE_HOLE',
    'REPEATED_SESSION',
  ],
  ...['SHIFTED_HOUR', 'STALE_MINUTES', 'VENDORS_PRICE_DIFFERS', 'VENDORS_OPEN_CLOSE_SWAPPED', 'VENDORS_VOLUME_DIFFERS'],
  'VENDORS_ROWS_DIFFER',
])

/** `flags` joined by commas. */
export const isAllSettled = (flags: string): boolean => flags.split(',').every((flag) => SETTLED.has(flag))
