/** How asking for a cell can end, and why a cell may stay missing. Both lists are closed. */

/** How the outside fails: each leads to exactly one next step of the dispatcher. */
export const FAULTS = [
  'not_entitled',
  'too_recent',
  'before_history',
  'rate_limited',
  'malformed',
  'unavailable',
] as const
export type Fault = (typeof FAULTS)[number]

/** What one answer means for one cell. What is remembered of it may also say that it was lost since (db/attempts/table.ts). */
export const OUTCOMES = ['filled', 'short', 'empty', ...FAULTS] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Why an expected cell has no data. A cell leaves the gap list only by being present or by one of these, with evidence. */
export const ABSENCE_REASONS = [
  'NOT_LISTED_YET',
  'DELISTED',
  'NO_TRADES',
  'VENDORS_AGREE_EMPTY',
  'VENDOR_EMPTY_ONCE',
  'NOT_ENTITLED',
  'BEFORE_VENDOR_HISTORY',
  'TOO_RECENT',
  'SOURCE_SAYS_NONE',
  'VENDOR_OUTAGE',
  'CALENDAR_SUSPECT',
  'GIVEN_UP',
] as const
export type AbsenceReason = (typeof ABSENCE_REASONS)[number]
