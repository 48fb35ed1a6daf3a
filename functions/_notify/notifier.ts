/** Tells people how the nights go: watches the reasons of `/readyz`, makes messages of them, and sends messages and pings beside all other work. */
import type { NotificationsConfig } from '../../config/schema.ts'
import { type Health, type Reason, type ShownReason, unreadable } from '../_http/health.ts'
import { isoOf } from '../_http/iso-instant.ts'
import type { Clock, Notifications, TestDelivery } from '../_http/node.ts'
import { redactorOf } from '../_vendors/redact.ts'
import { secretsOf, shownAddress, wordsOf } from './address.ts'
import type { Delivery, Journal } from './journal.ts'
import { type MessageTerms, reasonMessage, testMessage } from './message.ts'
import { outbox, requestOf } from './outbox.ts'
import { type GoodNight, pinger } from './ping.ts'
import { isQuiet } from './quiet-hours.ts'
import { send } from './send.ts'
import { standingReasons } from './standing-reasons.ts'

/** The addresses of the receivers; null where nobody is there. */
export interface Receivers {
  webhook: string | null
  /** Goes to the webhook as a bearer token. */
  token: string | null
  ping: string | null
}

export interface NotifierTerms {
  receivers: Receivers
  config: NotificationsConfig
  /** The name of this node in messages. */
  node: string
  /** Every secret of the node: none may stand in a message, nor in what is remembered of an answer. */
  secrets: readonly string[]
  journal: Journal
  health: Health
  goodNight(): Promise<GoodNight | null>
  clock: Clock
  freshId(): string
  log(event: string, fields: Record<string, unknown>): void
}

export interface Notifier extends Notifications {
  /** Looks and sends until stopped. */
  start(): void
  /** One look, and what may be sent after it. */
  turn(): Promise<void>
  /** Ends a request under way; what it was sending is sent again by the next start. */
  stop(): Promise<void>
}

const LOOK_EVERY_MS = 15_000
/** No message is made of it: it could not be sent. */
const NEVER_SENT = ['message_unsent'] as const

/** Values of receivers that no log may hold. */
export const receiverSecrets = ({ webhook, token, ping }: Receivers): string[] => [
  ...[webhook, ping].flatMap((address) => (address === null ? [] : secretsOf(address))),
  ...(token === null ? [] : [token]),
]

export function createNotifier(terms: NotifierTerms): Notifier {
  const { receivers, config, node, journal, health, clock, freshId, log } = terms
  const { webhook, token, ping: pingAddress } = receivers
  const { state } = journal
  const stopping = new AbortController()
  const secrets = [...terms.secrets, ...receiverSecrets(receivers)]
  const redact = redactorOf(secrets).text
  const answerRedactor = redactorOf([
    ...secrets,
    ...[webhook, pingAddress].flatMap((address) => (address === null ? [] : wordsOf(address))),
  ]).text
  const standing = standingReasons(state.open, [...config.webhook.leave_out, ...NEVER_SENT], clock.elapsed())
  const messageTerms = (): MessageTerms => ({ id: freshId(), node, now: clock.now() })
  const shared = { journal, log, now: clock.now, elapsed: clock.elapsed, signal: stopping.signal }
  const box = outbox({
    ...shared,
    config,
    node,
    freshId,
    post: (message) =>
      send({
        address: webhook ?? '',
        method: 'POST',
        ...requestOf(config.webhook.format, message, token),
        signal: stopping.signal,
        redact: answerRedactor,
      }),
  })
  const ping = pinger({
    ...shared,
    goodNight: terms.goodNight,
    get: () =>
      send({ address: pingAddress ?? '', method: 'GET', headers: {}, signal: stopping.signal, redact: answerRedactor }),
  })

  function observe(reasons: readonly ShownReason[], isWhole = true): void {
    const clean = reasons.map((reason) => ({ ...reason, sentence: redact(reason.sentence) }))
    const changes = standing.observe(clean, clock.elapsed(), isWhole)
    if (changes.length === 0) return
    state.open = standing.said()
    for (const { reason, state: change } of changes) box.add(reasonMessage(reason, change, messageTerms()))
    void journal.save()
  }
  if (webhook !== null) health.watch((reasons) => observe(reasons))

  async function look(): Promise<void> {
    try {
      await health.reasons()
    } catch (error) {
      log('notify.look_failed', { error })
      if (webhook !== null) observe([unreadable(clock.now())], false)
    }
    const work = [...(webhook === null ? [] : [box.deliver()]), ...(pingAddress === null ? [] : [ping()])]
    for (const ended of await Promise.allSettled(work)) {
      if (ended.status === 'rejected') log('notify.turn_failed', { error: ended.reason })
    }
  }

  let looking: Promise<void> | null = null
  const turn = (): Promise<void> => {
    looking ??= look().finally(() => {
      looking = null
    })
    return looking
  }

  return {
    start() {
      void (async () => {
        while (!stopping.signal.aborted) {
          await turn()
          await clock.sleep(LOOK_EVERY_MS, stopping.signal)
        }
      })()
    },
    turn,
    async stop() {
      stopping.abort()
      await looking
      await journal.save()
    },
    reasons: () => [
      ...unsent(
        'webhook',
        webhook,
        state.last,
        'WEBHOOK_URL in .env or in the environment; data-node notify --test tries it',
      ),
      ...unsent('ping', pingAddress, state.ping?.last ?? null, 'PING_URL in .env or in the environment'),
    ],
    async test(): Promise<TestDelivery | null> {
      if (webhook === null) return null
      const { ok, said } = await box.deliverNow(testMessage(messageTerms()))
      return { address: shownAddress(webhook), format: config.webhook.format, delivered: ok, answer: said }
    },
    view: () => ({
      webhook:
        webhook === null
          ? null
          : {
              address: shownAddress(webhook),
              format: config.webhook.format,
              waiting: state.waiting.length,
              quiet: isQuiet(config.quiet_hours, clock.now()),
              last: shownDelivery(state.last),
            },
      ping:
        pingAddress === null
          ? null
          : { address: shownAddress(pingAddress), last: shownDelivery(state.ping?.last ?? null) },
    }),
  }
}

function unsent(about: string, address: string | null, last: Delivery | null, where: string): Reason[] {
  if (address === null || last === null || last.ok) return []
  return [
    {
      code: 'message_unsent',
      about,
      what: `${shownAddress(address)} did not take the last ${about === 'ping' ? 'ping' : 'message'} (${last.said})`,
      todo: `see whether it is up, or correct ${where}`,
      since: last.since,
    },
  ]
}

const shownDelivery = (last: Delivery | null): object | null =>
  last && { at: isoOf(last.at), ok: last.ok, answer: last.said }
