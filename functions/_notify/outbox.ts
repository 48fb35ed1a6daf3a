/** Messages on their way to the webhook, one after the other: each try is written down before it begins and after it has ended. */
import type { NotificationsConfig } from '../../config/schema.ts'
import { formatted } from './formats.ts'
import type { Delivery, Journal } from './journal.ts'
import { type Message, summaryMessage } from './message.ts'
import { isQuiet } from './quiet-hours.ts'
import { MOST_TRIES, pauseAfter } from './retry.ts'
import type { Answer } from './send.ts'

export interface OutboxTerms {
  journal: Journal
  config: NotificationsConfig
  /** The name of this node. */
  node: string
  now(): number
  elapsed(): number
  freshId(): string
  log(event: string, fields: Record<string, unknown>): void
  post(message: Message): Promise<Answer>
  signal: AbortSignal
}

export interface Outbox {
  add(message: Message): void
  /** Sends what may go now; returns when it is sent, or has to wait. */
  deliver(): Promise<void>
  /** Sends a message at once, one time, whatever the hour. */
  deliverNow(message: Message): Promise<Answer>
}

/** Beyond this the oldest are given up: a receiver that is gone for good must not fill a disk. */
const MOST_WAITING = 200

/** What is remembered of an answer. */
export const deliveryOf = ({ ok, said }: Answer, before: Delivery | null, now: number): Delivery => ({
  at: now,
  ok,
  said,
  since: !ok && before !== null && !before.ok ? before.since : now,
})

export function outbox(terms: OutboxTerms): Outbox {
  const { journal, config, node, now, elapsed, freshId, log, post, signal } = terms
  const { state } = journal
  let retryAt = Number.NEGATIVE_INFINITY

  function remember(answer: Answer): void {
    state.last = deliveryOf(answer, state.last, now())
  }

  /** False where nothing may go now. */
  async function openHours(): Promise<boolean> {
    if (isQuiet(config.quiet_hours, now())) {
      const fresh = state.waiting.filter(({ isHeld }) => !isHeld)
      for (const one of fresh) one.isHeld = true
      if (fresh.length > 0) await journal.save()
      return false
    }
    const held = state.waiting.filter(({ isHeld }) => isHeld)
    if (held.length > 1) {
      const message = summaryMessage(
        held.map((one) => one.message),
        { id: freshId(), node, now: now() },
      )
      const others = state.waiting.filter(({ isHeld }) => !isHeld)
      state.waiting = [{ message, tries: Math.max(...held.map(({ tries }) => tries)), isHeld: false }, ...others]
    } else {
      for (const one of held) one.isHeld = false
    }
    return true
  }

  function giveUp(index: number, because: string): void {
    const [lost] = state.waiting.splice(index, 1)
    if (lost !== undefined)
      log('notify.message_lost', { event: lost.message.event, summary: lost.message.summary, because })
  }

  return {
    add(message) {
      state.waiting.push({ message, tries: 0, isHeld: false })
      while (state.waiting.length > MOST_WAITING) giveUp(0, `more than ${MOST_WAITING} wait`)
    },
    async deliver() {
      if (state.waiting.length === 0 || !(await openHours())) return
      for (let [head] = state.waiting; head !== undefined; [head] = state.waiting) {
        if (signal.aborted || elapsed() < retryAt) return
        head.tries++
        // Counted before it leaves: killed from here on it is sent again, and not for ever. Who lost the file sends nothing.
        if (!(await journal.save())) return
        const answer = await post(head.message)
        if (signal.aborted && !answer.ok) return
        remember(answer)
        const { event, state: change } = head.message
        const index = state.waiting.indexOf(head)
        if (answer.ok) {
          state.waiting.splice(index, 1)
          log('notify.sent', { event, state: change })
        } else {
          retryAt = elapsed() + pauseAfter(head.tries, answer.waitMs)
          log('notify.failed', { event, state: change, tries: head.tries, answer: answer.said })
          if (head.tries >= MOST_TRIES) giveUp(index, `tried ${head.tries} times`)
        }
        if (!(await journal.save())) return
      }
    },
    async deliverNow(message) {
      const answer = await post(message)
      remember(answer)
      // What was waiting for the receiver to come back need not wait any longer.
      if (answer.ok) retryAt = Number.NEGATIVE_INFINITY
      await journal.save()
      return answer
    },
  }
}

/** The request of a message. */
export const requestOf = (
  format: NotificationsConfig['webhook']['format'],
  message: Message,
  token: string | null,
): { headers: Record<string, string>; body: string } => {
  const { headers, body } = formatted(format, message)
  return {
    headers: {
      ...headers,
      'idempotency-key': message.details.id,
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body,
  }
}
