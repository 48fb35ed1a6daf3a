/** Which reasons are known to have begun, and which of them are over: one message each way, however often a reason comes and goes meanwhile. */
import { keyOf, type ShownReason } from '../_http/health.ts'

/** A reason that keeps the node down is said at once; any other only once it has lasted so long. */
const BEGIN_AFTER_MS = 60_000
/** A reason that is back within this was never over. */
const OVER_AFTER_MS = 5 * 60_000

export interface Change {
  reason: ShownReason
  state: 'began' | 'ended'
}

interface Standing {
  reason: ShownReason
  isSaid: boolean
  /** By the monotonic clock: when it was first seen, and since when it is gone. */
  firstAt: number
  goneAt: number | null
}

export interface StandingReasons {
  /**
   * Takes in what holds now; returns what is to be said, in this order: what is over, what began. `isWhole`: false where other reasons could not be
   * looked at, so that nothing is known of them.
   */
  observe(reasons: readonly ShownReason[], elapsed: number, isWhole?: boolean): Change[]
  /** Those of which it was said that they began. */
  said(): ShownReason[]
}

/** `said`: those that an earlier process knew; `leaveOut`: codes that are never said. */
export function standingReasons(
  said: readonly ShownReason[],
  leaveOut: readonly string[],
  elapsed: number,
): StandingReasons {
  const standing = new Map<string, Standing>(
    said.map((reason) => [keyOf(reason), { reason, isSaid: true, firstAt: elapsed, goneAt: null }]),
  )

  return {
    observe(reasons, now, isWhole = true) {
      const wanted = reasons.filter(({ code }) => !leaveOut.includes(code))
      const present = new Set(wanted.map(keyOf))
      const changes: Change[] = []
      if (isWhole) {
        for (const [key, one] of standing) {
          if (present.has(key)) continue
          one.goneAt ??= now
          if (one.isSaid && now - one.goneAt < OVER_AFTER_MS) continue
          standing.delete(key)
          if (one.isSaid) changes.push({ reason: one.reason, state: 'ended' })
        }
      }
      for (const reason of wanted) {
        const one = standing.get(keyOf(reason)) ?? { reason, isSaid: false, firstAt: now, goneAt: null }
        standing.set(keyOf(reason), one)
        one.goneAt = null
        if (one.isSaid || (!reason.isDown && now - one.firstAt < BEGIN_AFTER_MS)) continue
        Object.assign(one, { reason, isSaid: true })
        changes.push({ reason, state: 'began' })
      }
      return changes
    },
    said: () => [...standing.values()].flatMap(({ reason, isSaid }) => (isSaid ? [reason] : [])),
  }
}
