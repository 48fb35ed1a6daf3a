/** Which answers of minute bars are cut off: fewer rows than the symbol's baseline allows. */
import { listShares } from '../../db/liquidity/liquidity.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { expectedMinutes, shortfallOf } from '../_expected/liquidity.ts'
import type { Row } from '../_market/row.ts'
import type { Want } from '../_vendors/vendor.ts'
import type { Claim } from './claim.ts'

/** Applies the rule of QC before the cell is settled. A symbol without a baseline is never short. */
export async function shortMinutes(
  context: DispatchContext,
  { dataset, spec }: Claim,
): Promise<(want: Want, rows: Row[]) => boolean> {
  if (spec.expected_rows !== 'session_minutes') return () => false
  const { completeness } = context.config.qc
  const shares = await listShares(context.db, dataset, completeness.baseline_sessions)
  const calendar = calendarOf(spec.calendar)
  return ({ symbol, dt }, rows) => {
    const share = shares.get(symbol)
    const session = calendar.session(dt)
    if (share === undefined || session === undefined) return false
    const isRegular = (row: Row): boolean => 'ts' in row && row.ts >= session.open && row.ts < session.close
    const regular = new Set(rows.filter(isRegular).map((row) => (row as Row & { ts: number }).ts)).size
    const sessionMinutes = (session.close - session.open) / 60_000
    const expected = expectedMinutes(share, sessionMinutes)
    return shortfallOf({ rows: regular, expected, sessionMinutes, share }, completeness) === 'short'
  }
}
