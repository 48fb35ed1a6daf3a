/** How often somebody may try to log in: a rate limit for each address, and one for all of them together. */

export interface Attempts {
  /** Counts an attempt. Returns the milliseconds to wait before the next one is listened to; 0 where this one is. */
  take(address: string): number
  /** Who knows a token starts anew. */
  forget(address: string): void
}

const WINDOW_MS = 5 * 60_000
const MOST_OF_ONE = 5
const MOST_OF_ALL = 100

export function loginAttempts(elapsed: () => number): Attempts {
  /** Instants by address, oldest first. There are never more of them than are allowed. */
  let taken: { address: string; at: number }[] = []

  return {
    take(address) {
      const now = elapsed()
      taken = taken.filter(({ at }) => now - at < WINDOW_MS)
      const own = taken.filter((one) => one.address === address)
      const oldest = own.length >= MOST_OF_ONE ? own[0] : taken.length >= MOST_OF_ALL ? taken[0] : undefined
      if (oldest !== undefined) return oldest.at + WINDOW_MS - now
      taken.push({ address, at: now })
      return 0
    },
    forget(address) {
      taken = taken.filter((one) => one.address !== address)
    },
  }
}
