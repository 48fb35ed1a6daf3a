/** The ping to a dead-man service: one GET after each good night. It stays out where there is none, and the service then says so. */
import type { Journal } from './journal.ts'
import { deliveryOf } from './outbox.ts'
import { MOST_TRIES, pauseAfter } from './retry.ts'
import type { Answer } from './send.ts'

/** Where the last night was good. */
export interface GoodNight {
  /** Tells one ending from another. */
  id: string
  /** Epoch ms. */
  endedAt: number
}

export interface PingTerms {
  journal: Journal
  /** The last night where it was good, else null. */
  goodNight(): Promise<GoodNight | null>
  get(): Promise<Answer>
  now(): number
  elapsed(): number
  log(event: string, fields: Record<string, unknown>): void
  signal: AbortSignal
}

/** A node that first hears of a ping speaks for no night that is long over. */
const NEWS_MS = 24 * 3_600_000

/** Returns a function that pings where a ping is due. */
export function pinger({ journal, goodNight, get, now, elapsed, log, signal }: PingTerms): () => Promise<void> {
  const { state } = journal
  let retryAt = Number.NEGATIVE_INFINITY

  return async () => {
    const night = await goodNight()
    if (night !== null && state.ping?.night !== night.id && now() - night.endedAt < NEWS_MS) {
      state.ping = { night: night.id, tries: 0, last: state.ping?.last ?? null, isSent: false }
      retryAt = Number.NEGATIVE_INFINITY
    }
    const { ping } = state
    if (ping === null || ping.isSent || ping.tries >= MOST_TRIES || elapsed() < retryAt || signal.aborted) return
    ping.tries++
    // As with a message: counted first, so that a kill repeats it and no loop repeats it for ever.
    if (!(await journal.save())) return
    const answer = await get()
    if (signal.aborted && !answer.ok) return
    ping.isSent = answer.ok
    ping.last = deliveryOf(answer, ping.last, now())
    if (!answer.ok) retryAt = elapsed() + pauseAfter(ping.tries, answer.waitMs)
    log(answer.ok ? 'notify.pinged' : 'notify.ping_failed', {
      night: ping.night,
      tries: ping.tries,
      answer: answer.said,
    })
    await journal.save()
  }
}
