/** What a chain did last, does now and does next, as `/status` and `/cron` show it. */
import type { Db } from '../../db/client.ts'
import { findTick, lastEnded } from '../../db/ticks/ticks.ts'
import { isoOf } from '../_http/iso-instant.ts'
import type { ChainState, Clock } from '../_http/node.ts'
import { type Chain, nextAfter } from './cron.ts'
import type { StepEnding } from './run-chain.ts'

interface StateTerms {
  db: Db
  clock: Clock
}

/** `running` is the scheduled instant of the firing under way, if any. */
export async function chainState(terms: StateTerms, chain: Chain, running: number | undefined): Promise<ChainState> {
  return {
    id: chain.id,
    last: await lastOf(terms.db, chain),
    running: running === undefined ? null : await runningOf(terms.db, chain, running),
    nextAt: isoOf(nextAfter(chain, terms.clock.now())),
  }
}

/** The newest firing that ended; null before the first. */
export async function lastOf(db: Db, chain: Chain): Promise<ChainState['last']> {
  const ended = await lastEnded(db, chain.id)
  if (ended === undefined) return null
  const endings = JSON.parse(ended.result) as StepEnding[]
  const failed = endings.filter(({ ok }) => !ok).map(({ call, error = '' }) => ({ call, error }))
  const left = endings.flatMap(({ call, left: what }) => (what === undefined ? [] : [{ call, left: what }]))
  return {
    scheduledAt: isoOf(ended.scheduledAt),
    endedAt: isoOf(ended.endedAt),
    ok: failed.length === 0,
    failed,
    left,
  }
}

async function runningOf(db: Db, chain: Chain, scheduledAt: number): Promise<ChainState['running']> {
  const tick = await findTick(db, chain.id, scheduledAt)
  const step = tick && chain.steps[tick.step]
  // The schedule may have lost the step since this firing began.
  if (!step) return null
  return {
    scheduledAt: isoOf(scheduledAt),
    call: step.call,
    step: tick.step + 1,
    steps: chain.steps.length,
    since: isoOf(tick.stepBegunAt),
  }
}
