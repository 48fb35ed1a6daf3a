/** The local cron: fires chains at their scheduled instants, once each, and resumes at its step what a killed process left. */
import got, { RequestError as GotError } from 'got'
import type { Db } from '../../db/client.ts'
import {
  beginTick,
  endTick,
  findTick,
  lastScheduled,
  openTicks,
  reachStep,
  restartTick,
  type Tick,
} from '../../db/ticks/ticks.ts'
import type { Clock } from './clock.ts'
import { type Chain, newestDue, type Step } from './cron.ts'
import type { Log } from './log.ts'

export interface InvokerTerms {
  db: Db
  clock: Clock
  log: Log
  chains: readonly Chain[]
  /** Base address of this node's own HTTP server, and the token it asks for. */
  address: string
  token: string | null
}

export interface Invoker {
  /** Looks for due chains until stopped. */
  start(): void
  /** Plays a chain now for a scheduled instant: resumes it if it is under way, plays it again if it had ended. */
  play(chain: string, scheduledAt: number): Promise<StepEnding[]>
  /** Lets running calls finish, starts no more. */
  stop(): Promise<void>
}

export interface StepEnding {
  call: string
  calls: number
  ok: boolean
  error?: string
}

const LOOK_EVERY_MS = 15_000
/** A firing missed by more than this is left to the next one. */
const CATCH_UP_MS = 8 * 86_400_000
/** Longest a single function may take; functions bound themselves far below. */
const CALL_TIMEOUT_MS = 30 * 60_000
const RETRIES = 3
const RETRY_PAUSE_MS = 5_000

interface Reply {
  ok: boolean
  more?: boolean
  nextAt?: string | null
  error?: string
}

export function createInvoker(terms: InvokerTerms): Invoker {
  const { db, clock, log, chains } = terms
  const stopping = new AbortController()
  const running = new Map<string, Promise<StepEnding[]>>()
  let looking: Promise<void> | undefined

  const run = (chain: Chain, tick: Tick): Promise<StepEnding[]> => {
    const played = playChain(terms, chain, tick, stopping.signal).finally(() => running.delete(chain.id))
    running.set(chain.id, played)
    return played
  }

  async function look(): Promise<void> {
    const begun = clock.now()
    for (const tick of await openTicks(db)) {
      const chain = chains.find(({ id }) => id === tick.chain)
      if (chain && !running.has(chain.id)) background(run(chain, tick))
    }
    while (!stopping.signal.aborted) {
      for (const chain of chains) {
        if (running.has(chain.id)) continue
        const last = (await lastScheduled(db, chain.id)) ?? begun
        const due = newestDue(chain, Math.max(last, clock.now() - CATCH_UP_MS), clock.now())
        if (due === null) continue
        const tick = await beginTick(db, chain.id, due, clock.now())
        if (tick) background(run(chain, tick))
      }
      await clock.sleep(LOOK_EVERY_MS, stopping.signal)
    }
  }

  const background = (work: Promise<unknown>): void => {
    work.catch((error) => log('cron.failed', { error }))
  }

  return {
    start: () => {
      looking = look()
      background(looking)
    },
    play: async (id, scheduledAt) => {
      const chain = chains.find((one) => one.id === id)
      if (!chain) throw new Error(`no chain ${id} in cron.json: there are ${chains.map((one) => one.id).join(', ')}`)
      await beginTick(db, id, scheduledAt, clock.now())
      await restartTick(db, id, scheduledAt, clock.now())
      const tick = await findTick(db, id, scheduledAt)
      if (!tick) throw new Error(`the firing of ${id} could not be recorded`)
      return await run(chain, tick)
    },
    stop: async () => {
      stopping.abort()
      await Promise.allSettled([looking, ...running.values()])
    },
  }
}

async function playChain(terms: InvokerTerms, chain: Chain, tick: Tick, signal: AbortSignal): Promise<StepEnding[]> {
  const { db, clock, log } = terms
  const endings: StepEnding[] = []
  log('cron.fired', { chain: chain.id, scheduledAt: new Date(tick.scheduledAt).toISOString(), step: tick.step })
  for (const [index, step] of chain.steps.entries()) {
    if (index < tick.step) continue
    if (index > tick.step) await reachStep(db, tick, index, clock.now())
    const begunAt = index === tick.step ? tick.stepBegunAt : clock.now()
    const ending = await playStep(terms, step, tick.scheduledAt, begunAt + step.deadline, signal)
    if (signal.aborted) return endings // the tick stays open: the next start resumes at this step
    endings.push(ending)
    log(ending.ok ? 'cron.stepped' : 'cron.step_failed', { chain: chain.id, ...ending })
  }
  await endTick(db, tick, JSON.stringify(endings), clock.now())
  return endings
}

/** One step: `parallel` workers that each call until idle or the deadline. A failed step does not stop the chain. */
async function playStep(
  terms: InvokerTerms,
  step: Step,
  scheduledAt: number,
  deadlineAt: number,
  signal: AbortSignal,
): Promise<StepEnding> {
  const ending: StepEnding = { call: step.call, calls: 0, ok: true }
  const body = { ...step.body, at: new Date(scheduledAt).toISOString() }
  const work = async (): Promise<void> => {
    let failures = 0
    while (!signal.aborted && ending.ok) {
      const reply = await callFunction(terms, step.call, body, signal)
      ending.calls++
      if (!reply.ok) {
        if (++failures > RETRIES) Object.assign(ending, { ok: false, error: reply.error })
        else await terms.clock.sleep(RETRY_PAUSE_MS, signal)
        continue
      }
      failures = 0
      if (step.repeat === undefined) return
      if (reply.more && terms.clock.now() < deadlineAt) continue
      const nextAt = reply.nextAt ? Date.parse(reply.nextAt) : Number.POSITIVE_INFINITY
      if (reply.more || nextAt > deadlineAt) return
      await terms.clock.sleep(nextAt - terms.clock.now(), signal)
    }
  }
  await Promise.all(Array.from({ length: step.parallel }, work))
  return ending
}

async function callFunction(terms: InvokerTerms, call: string, body: object, signal: AbortSignal): Promise<Reply> {
  try {
    const answer = await got.post(`${terms.address}/${call}`, {
      json: body,
      headers: terms.token ? { authorization: `Bearer ${terms.token}` } : {},
      retry: { limit: 0 },
      timeout: { request: CALL_TIMEOUT_MS },
      throwHttpErrors: false,
      followRedirect: false,
      responseType: 'json',
      signal,
    })
    const reply = answer.body as Reply
    return answer.statusCode === 200 ? reply : { ok: false, error: reply.error ?? `HTTP ${answer.statusCode}` }
  } catch (error) {
    return { ok: false, error: `${call} did not answer (${error instanceof GotError ? error.code : String(error)})` }
  }
}
