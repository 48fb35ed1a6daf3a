/** A clock that a test moves by hand: whoever sleeps on it waits until the test has moved it far enough. */
import type { Clock } from '../../functions/_http/node.ts'

export interface HandClock extends Clock {
  /** Moves the clock on and wakes who has slept long enough. */
  advance(ms: number): void
  /** Somebody sets the wall clock; no time passes. */
  set(instant: number): void
  /** Settles once somebody sleeps. */
  asleep(): Promise<void>
}

interface Sleeper {
  at: number
  wake: () => void
}

export function handClock(start: number): HandClock {
  let elapsed = 0
  let offset = start
  let sleepers: Sleeper[] = []
  let watchers: (() => void)[] = []
  const wakeUntil = (): void => {
    const due = sleepers.filter(({ at }) => at <= elapsed)
    sleepers = sleepers.filter(({ at }) => at > elapsed)
    for (const { wake } of due) wake()
  }
  return {
    now: () => offset + elapsed,
    elapsed: () => elapsed,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const wake = (): void => {
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        signal?.addEventListener('abort', wake, { once: true })
        sleepers.push({ at: elapsed + Math.max(0, ms), wake })
        for (const watcher of watchers) watcher()
        watchers = []
        wakeUntil()
      }),
    advance: (ms) => {
      elapsed += ms
      wakeUntil()
    },
    set: (instant) => {
      offset = instant - elapsed
    },
    asleep: () =>
      new Promise((resolve) => {
        if (sleepers.length > 0) return resolve()
        watchers.push(resolve)
      }),
  }
}
