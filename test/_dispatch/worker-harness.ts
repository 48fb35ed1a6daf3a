/** Several workers of one node before vendors that do as they are told, page by page, and a record of every call that left. */
import type { Config } from '../../config/schema.ts'
import { pauseUntil } from '../../db/budgets/apply-rate-limit.ts'
import type { Db } from '../../db/client.ts'
import { reapAllLeases } from '../../db/gap-tasks/reap-leases.ts'
import { callReservations } from '../../functions/_catalog/call-reservations.ts'
import type { DispatchContext, Lane, VendorConnection } from '../../functions/_catalog/context.ts'
import { keptAnswers } from '../../functions/_catalog/kept-answers.ts'
import { dispatchNext } from '../../functions/_dispatch/dispatch.ts'
import { MAX_ATTEMPTS } from '../../functions/_dispatch/retry-policy.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { cellKey } from '../../functions/_market/cell.ts'
import { localWindow, rateLimiterOf } from '../../functions/_runtime/rate-limiter.ts'
import { type CallPlan, type Connector, type Get, VendorError } from '../../functions/_vendors/vendor.ts'
import { specOf } from '../_lake/lake-fixture.ts'
import { configOf, type VendorTerms } from './vendor-terms.ts'

export const NOON = Date.UTC(2024, 6, 5, 16)
export const SECOND = 1_000

export const REACTIONS = ['served', 'busy', 'down', 'garbage', 'refused', 'unsaid'] as const
/** What a vendor makes of one page: `busy` is a 429 that names a pause, `unsaid` one that does not. */
export type Reaction = (typeof REACTIONS)[number]

export interface SentCall {
  account: string
  lane: Lane
  at: number
}

/** A plan that was claimed and waits for its next page. */
interface Waiting {
  plan: CallPlan
  /** When it was claimed. */
  since: number
  goOn(reaction: Reaction): void
}

export function openHarness(db: Db, vendorTerms: Record<string, VendorTerms>, start = NOON) {
  let now = start
  let tokens = 0
  /** Dispatches that neither have ended nor wait at a page. */
  let busy = 0
  let quietAgain: () => void = () => undefined
  let waiting: Waiting[] = []
  /** What a dispatch threw, which none should. */
  const broken: unknown[] = []
  const sent: SentCall[] = []
  const pauses: { account: string; until: number }[] = []
  const clock = {
    now: () => now,
    elapsed: () => now - start,
    // Whoever waits a moment for a call of its budget lets it pass for all.
    sleep: async (ms: number) => {
      now += ms
    },
  }
  let known = localWindow(clock.elapsed)

  const atRest = (by: number): void => {
    busy += by
    if (busy === 0) quietAgain()
  }
  const quiet = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      quietAgain = resolve
      atRest(0)
    })
    if (broken.length > 0) throw broken[0]
  }
  const pageOf = (plan: CallPlan, since: number): Promise<Reaction> =>
    new Promise((resolve) => {
      const one: Waiting = {
        plan,
        since,
        goOn(reaction) {
          waiting = waiting.filter((other) => other !== one)
          atRest(1)
          resolve(reaction)
        },
      }
      waiting.push(one)
      atRest(-1)
    })

  const accountOf = (name: string): string => vendorTerms[name]!.account ?? name
  /** Takes the budget as http.ts does, then lets the vendor react. */
  const getOf =
    (connection: VendorConnection, lane: Lane): Get =>
    async ({ query }) => {
      const reaction = query.reaction as Reaction
      const taken = await rateLimiterOf(db, clock, known, connection, lane).acquire('data')
      if (!taken.ok) throw new VendorError(connection.name, 'rate_limited', 'budget spent', { retryAt: taken.retryAt })
      sent.push({ account: accountOf(connection.name), lane, at: now })
      const fails = (fault: VendorError['fault'], more: { status?: number; retryAt?: number | null } = {}) =>
        new VendorError(connection.name, fault, reaction, { status: 500, ...more })
      switch (reaction) {
        case 'served':
          return { status: 200, contentType: 'application/json', headers: {}, body: '{}' }
        case 'busy': {
          const until = now + 37 * SECOND
          pauses.push({ account: accountOf(connection.name), until })
          await pauseUntil(db, accountOf(connection.name), until)
          throw fails('rate_limited', { status: 429, retryAt: until })
        }
        case 'unsaid':
          throw fails('rate_limited', { status: 429 })
        case 'down':
          throw fails('unavailable')
        case 'garbage':
          throw fails('malformed', { status: 200 })
        case 'refused':
          throw fails('not_entitled', { status: 403 })
        default:
          return reaction satisfies never
      }
    }

  const connectorOf = (name: string, { cellsPerPlan, pagesPerPlan }: VendorTerms): Connector => ({
    name,
    datasets: [],
    secrets: [],
    authorise: () => ({ headers: {}, query: {} }),
    plan: (head, others, { dataset }) => ({
      vendor: name,
      dataset,
      wants: [head, ...others.slice(0, cellsPerPlan - 1)],
      expectedCalls: pagesPerPlan,
      request: null,
      feed: 'any',
    }),
    async ask(plan, _terms, get) {
      const since = now
      let [calls, interruption]: [number, VendorError | null] = [0, null]
      for (let page = 0; page < plan.expectedCalls && interruption === null; page++) {
        const reaction = await pageOf(plan, since)
        const before = sent.length
        try {
          await get({ path: '/', query: { reaction } })
        } catch (error) {
          if (!(error instanceof VendorError)) throw error
          interruption = error
        }
        calls += sent.length > before ? 1 : 0
      }
      const complete = new Set(interruption ? [] : plan.wants.map(({ symbol, dt }) => cellKey(symbol, dt)))
      return { rows: new Map(), complete, faults: new Map(), interruption, unrequested: [], calls }
    },
    classify: () => new VendorError(name, 'unavailable', 'never asked'),
    keyCheck: { path: '/', query: {} },
  })

  const configs = Object.fromEntries(Object.entries(vendorTerms).map(([name, terms]) => [name, configOf(terms)]))
  const vendors = Object.entries(vendorTerms).map(([name, terms]): VendorConnection => {
    const connection: VendorConnection = {
      name,
      config: configs[name]!,
      connector: connectorOf(name, terms),
      missing: [],
      get: (lane) => getOf(connection, lane),
    }
    return connection
  })
  const datasets = { equities_bars: specOf('equities_bars'), corporate_actions: specOf('corporate_actions') }
  const qc = { completeness: { baseline_sessions: 5 } }
  const context: DispatchContext = {
    config: { vendors: configs, datasets, universe: [], qc } as unknown as Config,
    db,
    // Nothing is served that would be written.
    lake: { root: '/nowhere' } as Lake,
    vendors,
    now: clock.now,
    elapsed: clock.elapsed,
    sleep: clock.sleep,
    disk: { allowsBackfill: () => true, allowsCalls: () => true, allows: () => true },
    reservations: callReservations(),
    answers: keptAnswers(),
    random: () => 0.5,
    token: () => `token ${++tokens}`,
    holder: 'floor',
    log: () => undefined,
  }

  return {
    context,
    sent,
    pauses,
    now: () => now,
    pass(ms: number) {
      now += ms
    },
    waiting: () => waiting,
    /** So many workers ask for work at once; answers those that found none, once all others wait at their first page. */
    async start(workers: number): Promise<{ nextAt: number | null }[]> {
      const idle: { nextAt: number | null }[] = []
      const one = async (): Promise<void> => {
        try {
          const done = await dispatchNext(context, null)
          if (!('vendor' in done)) idle.push(done)
        } catch (error) {
          broken.push(error)
        }
        atRest(-1)
      }
      busy += workers
      for (let worker = 0; worker < workers; worker++) void one()
      await quiet()
      return idle
    },
    /** The vendors of these plans answer at once. */
    async answer(which: readonly number[], reaction: Reaction): Promise<void> {
      const chosen = new Set(which.map((at) => waiting[at % waiting.length]).filter((one) => one !== undefined))
      for (const one of chosen) one.goOn(reaction)
      await quiet()
    },
    /** One worker is gone without a word, in another process: its lease stays until it lapses. */
    vanish(at: number) {
      waiting.splice(at % Math.max(1, waiting.length), 1)
    },
    /** The whole process is gone and another one owns the database. */
    async restart() {
      waiting = []
      known = localWindow(clock.elapsed)
      context.reservations = callReservations()
      context.answers = keptAnswers()
      await reapAllLeases(db, MAX_ATTEMPTS, now)
    },
  }
}
