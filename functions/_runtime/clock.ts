/** The only place that reads the clock. Everyone else is handed one. */
import type { Clock } from '../_http/node.ts'

/** Longest single timer Node keeps without overflowing. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const wake = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const timer = setTimeout(wake, Math.min(Math.max(0, ms), LONGEST_TIMER_MS))
      signal?.addEventListener('abort', wake, { once: true })
    }),
}

/** What a simulated clock shows at an instant of the machine's clock (both epoch ms), and how many times as fast it goes from there. */
export interface Simulation {
  shown: number
  machine: number
  speed: number
}

/** What a simulated clock shows when that of the machine shows `instant`. */
export const shownAt = ({ shown, machine, speed }: Simulation, instant: number): number =>
  Math.round(shown + (instant - machine) * speed)

/** A clock that goes evenly from a chosen instant. It follows that of the machine: whoever sets the one sets the other. */
export const simulatedClock = (simulation: Simulation, base: Clock = systemClock): Clock => ({
  now: () => shownAt(simulation, base.now()),
  elapsed: () => base.elapsed() * simulation.speed,
  sleep: (ms, signal) => base.sleep(ms / simulation.speed, signal),
})

/** A clock that stands still until somebody sleeps on it: a night takes as long as its work. Starts at `start`, epoch ms. */
export function virtualClock(start: number): Clock {
  let now = start
  return {
    now: () => now,
    elapsed: () => now - start,
    sleep: async (ms) => {
      now += Math.max(0, ms)
      await new Promise<void>((resolve) => setImmediate(resolve))
    },
  }
}
