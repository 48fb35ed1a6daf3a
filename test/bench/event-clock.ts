/** A clock for actors that overlap: time moves on only when all of them wait, and then to the earliest of their wakings. */
import type { Clock } from '../../functions/_http/node.ts'

export interface EventClock extends Clock {
  /** Runs actors side by side until all have ended. Whoever sleeps inside one hands the turn on; an actor may run others in its turn. */
  run(actors: readonly (() => Promise<void>)[]): Promise<void>
}

interface Waking {
  at: number
  wake: () => void
}

/**
 * A discrete-event clock from `start` (epoch ms) on. Between two sleeps an actor's work takes no virtual time, and no other actor is
 * at work: two calls overlap because both actors sleep through their latencies. Same actors, same order of events.
 */
export function eventClock(start: number): EventClock {
  let now = start
  // In the order in which they were asked for: of two at one instant the earlier goes first.
  const wakings: Waking[] = []

  const handOn = (): void => {
    const next = wakings.reduce<Waking | undefined>((a, b) => (a === undefined || b.at < a.at ? b : a), undefined)
    if (next === undefined) return
    wakings.splice(wakings.indexOf(next), 1)
    now = Math.max(now, next.at)
    next.wake()
  }
  const sleep = (ms: number): Promise<void> =>
    new Promise((wake) => {
      wakings.push({ at: now + Math.max(0, ms), wake })
      setImmediate(handOn)
    })

  return {
    now: () => now,
    elapsed: () => now - start,
    sleep,
    run: async (actors) => {
      let left = actors.length
      const ended = actors.map(async (actor) => {
        await new Promise<void>((wake) => wakings.push({ at: now, wake }))
        // The turn of the last one is the caller's again.
        await actor().finally(() => --left > 0 && setImmediate(handOn))
      })
      setImmediate(handOn)
      await Promise.all(ended)
    },
  }
}
