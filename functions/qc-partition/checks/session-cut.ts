/** A session that ends before its close although every minute before that is there, whatever the symbol's other days look like. */
import { minutesOf } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'session-cut',
  why: 'A vendor that drops the afternoon each day teaches a baseline of half sessions: the day itself must tell.',
  severity: 'RED',
  kinds: ['session_minutes'],
  judges: 'present',
  secondSettles: 'rows',
  judge(facts, { minute: { session_cut: cut }, continuity }) {
    const { bars, tail, shareBeforeTail, dailyVolume } = minutesOf(facts)
    if (bars < cut.bars || tail < cut.tail_minutes || shareBeforeTail < continuity.liquid_share) return null
    // The daily bar has no more volume: trading was halted until the close, and nothing is missing. The hole is flagged by itself.
    if (dailyVolume !== null && dailyVolume >= cut.whole_volume) return null
    return { flag: 'SESSION_CUT', severity: 'RED', numbers: { tail, share_before: shareBeforeTail } }
  },
}
