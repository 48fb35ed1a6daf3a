/** Counts requests in a sliding window of 60 seconds and says which of them are too many. */

const WINDOW_MS = 60_000

/**
 * The strictest reading of "N requests per minute": never more than N requests in any 60 seconds, refused ones included.
 * A request exactly 60 seconds after another is in a new window.
 */
export class RateWindow {
  readonly perMinute: number
  private stamps: number[] = []
  private first = 0

  constructor(perMinute: number) {
    this.perMinute = perMinute
  }

  /** Counts a request at `now` (epoch ms). False: it was one too many. */
  admit(now: number): boolean {
    while (this.first < this.stamps.length && (this.stamps[this.first] as number) <= now - WINDOW_MS) this.first++
    if (this.first > 1_024) {
      this.stamps = this.stamps.slice(this.first)
      this.first = 0
    }
    this.stamps.push(now)
    return this.stamps.length - this.first <= this.perMinute
  }

  /** Seconds until a request would be admitted if none came before it. At least 1. */
  retryAfterSeconds(now: number): number {
    const blocking = this.stamps[this.stamps.length - this.perMinute]
    return blocking === undefined ? 1 : Math.max(1, Math.ceil((blocking + WINDOW_MS - now) / 1000))
  }
}
