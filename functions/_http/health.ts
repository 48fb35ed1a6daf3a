/**
 * What keeps the node from being well right now. Guards and watches add their reasons here; `/readyz`, `/status` and the log show each of them as the
 * same sentence, and so do messages; the log says once that it began and once that it is over.
 */
import type { ReasonCode } from '../_market/reason-code.ts'

export interface Reason {
  code: ReasonCode
  /** Which one, where a code may stand several times: a dataset, a vendor. */
  about?: string
  /** What is wrong, as a clause. */
  what: string
  /** What a person can do about it, as a clause. */
  todo: string
  /** Epoch ms by this node's clock at which it began; absent: when it was first noticed. */
  since?: number
  /** True where the node cannot serve until it is over; otherwise it is degraded. */
  isDown?: boolean
}

/** A reason as it is shown. */
export interface ShownReason extends Pick<Reason, 'code' | 'about'> {
  sentence: string
  since: number
  isDown: boolean
}

/** Asked whenever somebody wants to know: cheap, and never throws for what it watches. */
export type HealthProvider = () => Reason[] | Promise<Reason[]>

export interface Health {
  add(provider: HealthProvider): void
  /** The listener gets every list of reasons that anybody asked for. */
  watch(listener: (reasons: readonly ShownReason[]) => void): void
  reasons(): Promise<ShownReason[]>
}

export interface HealthTerms {
  now(): number
  log(event: string, fields: Record<string, unknown>): void
}

export function createHealth({ now, log }: HealthTerms): Health {
  const providers: HealthProvider[] = []
  const listeners: ((reasons: readonly ShownReason[]) => void)[] = []
  let shown = new Map<string, ShownReason>()

  const show = (reason: Reason): ShownReason => ({
    code: reason.code,
    ...(reason.about === undefined ? {} : { about: reason.about }),
    sentence: sentenceOf(reason),
    since: reason.since ?? shown.get(keyOf(reason))?.since ?? now(),
    isDown: reason.isDown ?? false,
  })

  return {
    add: (provider) => void providers.push(provider),
    watch: (listener) => void listeners.push(listener),
    async reasons() {
      const found: ShownReason[] = []
      // In their order: what one guard measures when it is asked, another may show.
      for (const provider of providers) found.push(...(await provider()).map(show))
      const before = shown
      // From here to the end nothing is awaited: of two callers at once only one logs a change.
      shown = new Map(found.map((reason) => [keyOf(reason), reason]))
      for (const [key, { code, sentence }] of shown) {
        if (!before.has(key)) log(code === 'key_refused' ? 'health.key_refused' : 'health.degraded', { code, sentence })
      }
      for (const [key, { code, sentence, since }] of before) {
        if (!shown.has(key)) log('health.recovered', { code, sentence, forMs: now() - since })
      }
      const reasons = [...shown.values()]
      for (const listener of listeners) listener(reasons)
      return reasons
    },
  }
}

/** What tells reasons apart. */
export const keyOf = ({ code, about = '' }: Pick<Reason, 'code' | 'about'>): string => `${code} ${about}`

/** One sentence: what is wrong, and what to do. */
const sentenceOf = ({ what, todo }: Pick<Reason, 'what' | 'todo'>): string =>
  `${what[0]?.toUpperCase()}${what.slice(1)}; ${todo[0]?.toLowerCase()}${todo.slice(1)}.`

/** The two halves of a sentence: what is wrong, and what to do; null where it says nothing of the second. */
export function partsOf(sentence: string): { what: string; todo: string | null } {
  const at = sentence.indexOf('; ')
  return at < 0
    ? { what: sentence.replace(/\.$/, ''), todo: null }
    : { what: sentence.slice(0, at), todo: sentence.slice(at + 2).replace(/\.$/, '') }
}

/** The sentence of a reason that is over. */
export const overSentence = (sentence: string): string => `Over: ${partsOf(sentence).what}.`

/** What is shown where the reasons themselves cannot be read. */
export const unreadable = (now: number): ShownReason => ({
  code: 'not_ready',
  sentence: sentenceOf({
    what: 'the database does not answer',
    todo: 'look at the log and at the disk of the data root',
  }),
  since: now,
  isDown: true,
})
