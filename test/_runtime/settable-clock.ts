/** A clock that somebody sets while time goes on: the wall clock jumps, what has elapsed does not. */
import type { Clock } from '../../functions/_http/node.ts'
import { virtualClock } from '../../functions/_runtime/clock.ts'

export interface SettableClock extends Clock {
  /** The wall clock shows this from now on, epoch ms. */
  set(instant: number): void
  /** Time goes on by so much. */
  pass(ms: number): Promise<void>
}

export function settableClock(start: number): SettableClock {
  const time = virtualClock(0)
  let offset = start
  return {
    now: () => offset + time.elapsed(),
    elapsed: time.elapsed,
    sleep: time.sleep,
    set: (instant) => {
      offset = instant - time.elapsed()
    },
    pass: (ms) => time.sleep(ms),
  }
}
