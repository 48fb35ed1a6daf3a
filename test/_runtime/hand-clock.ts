/** A clock that a test moves by hand: whoever sleeps on it waits until the test has moved it far enough. */
import type { Clock } from '../../functions/_runtime/clock.ts'

export interface HandClock extends Clock {
  /** Moves the clock on and wakes who has slept long enough. */
  advance(ms: number): void
  /** Settles once somebody sleeps. */
  asleep(): Promise<void>
}

interface Sleeper {
  at: number
  wake: () => void
}

export function handClock(start: number): HandClock {
  let now = start
  let sleepers: Sleeper[] = []
  let watchers: (() => void)[] = []
  const wakeUntil = (): void => {
    const due = sleepers.filter(({ at }) => at <= now)
    sleepers = sleepers.filter(({ at }) => at > now)
    for (const { wake } of due) wake()
  }
  return {
    now: () => now,
    elapsed: () => now - start,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        signal?.addEventListener('abort', () => resolve(), { once: true })
        sleepers.push({ at: now + Math.max(0, ms), wake: resolve })
        for (const watcher of watchers) watcher()
        watchers = []
        wakeUntil()
      }),
    advance: (ms) => {
      now += ms
      wakeUntil()
    },
    asleep: () =>
      new Promise((resolve) => {
        if (sleepers.length > 0) return resolve()
        watchers.push(resolve)
      }),
  }
}
