/** What a benchmark measures beside its figures: how long something took, and how long the event loop stood still meanwhile. */

/** The longest time the event loop did not turn, ms: a timer that ought to come every few milliseconds, and when it came. */
export function watchLoop(): { stop(): number } {
  let [last, longest] = [performance.now(), 0]
  const look = (): void => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  const timer = setInterval(look, 2)
  return {
    stop() {
      look()
      clearInterval(timer)
      return longest
    },
  }
}

/** What the work answered, and the milliseconds it took. */
export async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const begun = performance.now()
  const result = await work()
  return [result, performance.now() - begun]
}

/** Looks that are no part of what is measured, and the milliseconds they took. */
export function observation(): { of<T>(look: () => Promise<T>): Promise<T>; tookMs(): number } {
  let tookMs = 0
  return {
    async of(look) {
      const [seen, ms] = await timed(look)
      tookMs += ms
      return seen
    },
    tookMs: () => tookMs,
  }
}
