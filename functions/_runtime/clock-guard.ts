/**
 * Guards the clock: nothing is written before it is plausible, and what a clock that ran ahead has written is put right when it is set back.
 *
 *   doubted ──plausible──▶ trusted (recovers what an earlier process left) ──set back──▶ doubted
 */
import { resetLeases } from '../../db/leases/reset-leases.ts'
import { AHEAD_MS, databaseTime, newestStamp, repairClock } from '../../db/repair-clock.ts'
import { LEASE_MS } from '../_dispatch/claim.ts'
import type { Reason } from '../_http/health.ts'
import type { Node } from '../_http/node.ts'
import type { WriteGuard } from '../_http/write-gate.ts'
import type { ClockEvidence } from './clock-evidence.ts'

/** A wall clock that moves against the monotonic one by more has been set; time services slew smaller errors away. */
const JUMP_MS = 60_000
/** How far the clock may lie behind the newest stored instant. */
const BEHIND_MS = 10 * 60_000
/** Where nothing says whether the clock is right, a clock that lies behind is believed after so long: the stored instant may be what is wrong. */
const WAIT_MS = 10 * 60_000
/** A call that was under way may still write what it reckoned before the clock was set. */
const AFTERMATH_MS = 60_000

export interface ClockGuardTerms {
  node: Pick<Node, 'clock' | 'db' | 'log' | 'holder'>
  /** Null: the clock is given, and right by definition. */
  evidence: ClockEvidence | null
  /** Done once, as soon as the clock is believed, before anything else is written. */
  recover(): Promise<void>
}

export function clockGuard({ node, evidence, recover }: ClockGuardTerms): WriteGuard {
  const { clock, db, log } = node
  /** How far the wall clock lies ahead of the monotonic one; the largest seen since it was last put right. */
  let offset = clock.now() - clock.elapsed()
  let isRecovered = false
  let isDue = true
  let repairAt = Number.POSITIVE_INFINITY
  let doubt: { reason: Reason; begun: number } | null = null
  let checking: Promise<Reason | null> | null = null

  /** Whether the clock was set, either way, since the last look. */
  function wasSet(): boolean {
    const now = clock.now() - clock.elapsed()
    if (Math.abs(now - offset) <= JUMP_MS) {
      offset = Math.max(offset, now)
      return false
    }
    log('clock.set', { byMs: Math.round(now - offset), now: new Date(clock.now()).toISOString() })
    offset = now
    return true
  }

  /** What speaks against the clock, or null. */
  async function doubtOf(): Promise<Pick<Reason, 'what' | 'todo'> | null> {
    if (evidence === null) return null
    const now = clock.now()
    const shown = new Date(now).toISOString()
    if (now < evidence.builtAt) {
      return { what: `the clock shows ${shown}, before this program was made`, todo: 'Set the clock of this machine' }
    }
    const isSynchronised = await evidence.isSynchronised()
    if (isSynchronised === false) {
      return {
        what: `the clock shows ${shown} and is not synchronised yet`,
        todo: 'Wait for the time service (timedatectl), or set CLOCK_CHECK=off where the clock is right without one',
      }
    }
    if (!db.exclusive) {
      // What nodes write for each other they must reckon by one clock.
      const theirs = await databaseTime(db)
      if (Math.abs(theirs - now) > AHEAD_MS) {
        const server = new Date(theirs).toISOString()
        return {
          what: `the clock shows ${shown}, that of the database's server ${server}`,
          todo: 'Set the one that is wrong',
        }
      }
    }
    if (isSynchronised === true || (doubt !== null && clock.elapsed() - doubt.begun >= WAIT_MS)) return null
    const newest = await newestStamp(db)
    if (newest === null || newest <= now + BEHIND_MS) return null
    return {
      what: `the clock shows ${shown}, but something was written at ${new Date(newest).toISOString()}`,
      todo: `Set the clock if it is wrong; otherwise it is believed ${WAIT_MS / 60_000} minutes after this was noticed`,
    }
  }

  async function putRight(): Promise<void> {
    // What this process holds is being worked on, whatever the clock says.
    if (isDue) await resetLeases(db, node.holder, clock.now(), clock.now() + LEASE_MS)
    const { aheadMs, rows } = await repairClock(db, clock.now())
    if (rows > 0) log('clock.repaired', { aheadMs, rows })
  }

  async function look(): Promise<Reason | null> {
    const isSet = wasSet()
    if (isSet) isDue = true
    // Nothing moves a clock that is trusted but being set.
    if (!isDue && clock.elapsed() < repairAt) return null
    const found = isDue ? await doubtOf() : null
    if (found !== null) {
      if (doubt === null) log('clock.refused', { why: found.what })
      doubt = {
        reason: { ...found, code: 'clock_doubtful', since: doubt?.reason.since ?? clock.now() },
        begun: doubt?.begun ?? clock.elapsed(),
      }
      return doubt.reason
    }
    if (doubt !== null) log('clock.accepted', { waitedMs: Math.round(clock.elapsed() - doubt.begun) })
    if (!isRecovered) await recover()
    else await putRight()
    repairAt = isRecovered && isDue ? clock.elapsed() + AFTERMATH_MS : Number.POSITIVE_INFINITY
    isRecovered = true
    isDue = false
    doubt = null
    return null
  }

  return {
    // One look at a time: whoever comes meanwhile waits for what it finds, and for what it puts right.
    check: () => {
      checking ??= look().finally(() => {
        checking = null
      })
      return checking
    },
  }
}
