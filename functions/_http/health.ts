/**
 * What keeps the node from being well right now. Guards and watches add their reasons here; `/readyz`, `/status` and the log show each of them as the
 * same sentence, and the log says once that it began and once that it is over.
 */

/** What a reason is about. The list is closed; docs/http-api.md explains each. */
export const REASON_CODES = [
  'volume_lost',
  'clock_doubtful',
  'not_ready',
  'disk_low',
  'disk_refuses',
  'env_file_readable',
  'no_key',
  'no_vendor',
  'key_refused',
  'vendor_out',
  'incident_open',
  'no_new_bundle',
  'queue_stuck',
  'no_backup',
] as const
export type ReasonCode = (typeof REASON_CODES)[number]

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
  reasons(): Promise<ShownReason[]>
}

export interface HealthTerms {
  now(): number
  log(event: string, fields: Record<string, unknown>): void
}

export function createHealth({ now, log }: HealthTerms): Health {
  const providers: HealthProvider[] = []
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
      return [...shown.values()]
    },
  }
}

const keyOf = ({ code, about = '' }: Pick<Reason, 'code' | 'about'>): string => `${code} ${about}`

/** One sentence: what is wrong, and what to do. */
const sentenceOf = ({ what, todo }: Pick<Reason, 'what' | 'todo'>): string =>
  `${what[0]?.toUpperCase()}${what.slice(1)}; ${todo[0]?.toLowerCase()}${todo.slice(1)}.`
