/** Playing a chain: its steps in order, each called over HTTP until it is idle or its time is up. */
import got, { RequestError as GotError } from 'got'
import type { Db } from '../../db/client.ts'
import { countOpenTasks } from '../../db/gap-tasks/count-tasks.ts'
import { endTick, reachStep, type Tick } from '../../db/ticks/ticks.ts'
import type { Clock } from '../_http/node.ts'
import type { Chain, Step } from './cron.ts'
import type { Log } from './log.ts'

export interface ChainTerms {
  db: Db
  clock: Clock
  log: Log
  /** Base address of this node's own HTTP server, and the token it asks for. */
  address: string
  token: string | null
  /** Runs the workers of a step side by side; absent: with nothing but promises. */
  together?: (workers: readonly (() => Promise<void>)[]) => Promise<unknown>
}

export interface StepEnding {
  call: string
  calls: number
  ok: boolean
  error?: string
  /** What it did not come to before its deadline, in words. */
  left?: string
}

/** Longest a single function may take; functions bound themselves far below. */
const CALL_TIMEOUT_MS = 30 * 60_000
const RETRIES = 3
const RETRY_PAUSE_MS = 5_000
/** A step that would have gone on within this was cut off by its deadline; one that waits longer was idle. */
const SOON_MS = 60_000
/** Between two tries while the node writes nothing. */
const CLOSED_PAUSE_MS = 15_000

interface Reply {
  ok: boolean
  more?: boolean
  nextAt?: string | null
  /** What the function left undone, in words. */
  left?: string
  error?: string
  /** The node writes nothing for the moment; it says itself when to ask again. */
  isClosed?: boolean
}

/**
 * Plays a firing from the step it had reached, and ends it. When `signal` aborts, calls under way finish and the firing stays
 * open for the next start. Throws when its progress cannot be written down.
 */
export async function runChain(
  terms: ChainTerms,
  chain: Chain,
  tick: Tick,
  signal: AbortSignal,
): Promise<StepEnding[]> {
  const { db, clock, log } = terms
  const endings: StepEnding[] = []
  log('cron.fired', { chain: chain.id, scheduledAt: new Date(tick.scheduledAt).toISOString(), step: tick.step })
  for (const [index, step] of chain.steps.entries()) {
    if (index < tick.step) continue
    if (index > tick.step) await reachStep(db, tick, index, clock.now())
    const begunAt = index === tick.step ? tick.stepBegunAt : clock.now()
    // The time that is left is measured by a clock nobody can set.
    const left = Math.min(step.deadline, Math.max(0, begunAt + step.deadline - clock.now()))
    const ending = await playStep(terms, step, tick.scheduledAt, clock.elapsed() + left, signal)
    if (signal.aborted) return endings // the tick stays open: the next start resumes at this step
    endings.push(ending)
    log(ending.ok ? 'cron.step_completed' : 'cron.step_failed', { chain: chain.id, ...ending })
  }
  await endTick(db, tick, JSON.stringify(endings), clock.now())
  return endings
}

/**
 * One step: `parallel` workers that each call until idle or the deadline, by `clock.elapsed`. A failed step does not stop the chain. A step whose last
 * answer says that something is left is not ok: what comes after it goes without.
 */
async function playStep(
  terms: ChainTerms,
  step: Step,
  scheduledAt: number,
  deadline: number,
  signal: AbortSignal,
): Promise<StepEnding> {
  const { clock } = terms
  const ending: StepEnding = { call: step.call, calls: 0, ok: true }
  let left: string | undefined
  let isCutOff = false
  const body = { ...step.body, at: new Date(scheduledAt).toISOString() }
  const work = async (): Promise<void> => {
    let failures = 0
    while (!signal.aborted && ending.ok) {
      const reply = await callFunction(terms, step.call, body)
      ending.calls++
      if (reply.isClosed && clock.elapsed() < deadline) {
        await clock.sleep(CLOSED_PAUSE_MS, signal)
        continue
      }
      if (!reply.ok) {
        if (++failures > RETRIES) Object.assign(ending, { ok: false, error: reply.error })
        else await clock.sleep(RETRY_PAUSE_MS, signal)
        continue
      }
      failures = 0
      left = reply.left
      if (step.repeat === undefined) return
      const timeLeft = deadline - clock.elapsed()
      if (reply.more && timeLeft > 0) continue
      const pause = reply.nextAt ? Date.parse(reply.nextAt) - clock.now() : Number.POSITIVE_INFINITY
      isCutOff ||= reply.more === true || (pause > timeLeft && pause <= SOON_MS)
      if (reply.more || pause > timeLeft || pause > (step.wait ?? Number.POSITIVE_INFINITY)) return
      await clock.sleep(pause, signal)
    }
  }
  const { together = (workers) => Promise.all(workers.map((worker) => worker())) } = terms
  await together(Array.from({ length: step.parallel }, () => work))
  if (ending.ok && left !== undefined) Object.assign(ending, { ok: false, error: left })
  // A stop is no deadline: the next start goes on with the step.
  if (isCutOff && !signal.aborted) ending.left = await cutOffText(terms, step)
  return ending
}

/** A long backfill is cut off every night: that is no failure, and still something to know. */
async function cutOffText({ db }: ChainTerms, { call, deadline }: Step): Promise<string> {
  const cells = call === 'dispatch-one-task' ? ` with ${await countOpenTasks(db)} cells still queued` : ''
  return `stopped by its deadline of ${deadline / 60_000} minutes${cells}`
}

async function callFunction(terms: ChainTerms, call: string, body: object): Promise<Reply> {
  try {
    const answer = await got.post(`${terms.address}/${call}`, {
      json: body,
      headers: terms.token ? { authorization: `Bearer ${terms.token}` } : {},
      retry: { limit: 0 },
      timeout: { request: CALL_TIMEOUT_MS },
      throwHttpErrors: false,
      followRedirect: false,
      responseType: 'json',
    })
    const reply = (answer.body ?? {}) as Partial<Reply>
    if (answer.statusCode === 200 && reply.ok) return { ...reply, ok: true }
    const error = reply.error ?? `${call} answered with HTTP ${answer.statusCode}`
    return { ok: false, error, isClosed: answer.statusCode === 503 && reply.nextAt != null }
  } catch (error) {
    return { ok: false, error: `${call} did not answer (${error instanceof GotError ? error.code : String(error)})` }
  }
}
