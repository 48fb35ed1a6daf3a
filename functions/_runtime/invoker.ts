/** The local cron: fires chains at their scheduled instants, once each, and resumes at its step what a killed process left. */
import { beginTick, findTick, lastScheduled, openTicks, restartTick, type Tick } from '../../db/ticks/ticks.ts'
import type { WriteGate } from '../_http/write-gate.ts'
import { type Chain, newestDue } from './cron.ts'
import { type ChainTerms, runChain, type StepEnding } from './run-chain.ts'

export interface InvokerTerms extends ChainTerms {
  chains: readonly Chain[]
  /** Nothing is fired or resumed while it objects. */
  gate: WriteGate
}

export interface Invoker {
  /** Looks for due chains until stopped. */
  start(): void
  /** Plays a chain now for a scheduled instant: joins it if it is under way, resumes it if it was left, plays it again if it had ended. */
  play(chain: string, scheduledAt: number): Promise<StepEnding[]>
  /** Lets running calls finish, starts no more. */
  stop(): Promise<void>
}

const LOOK_EVERY_MS = 15_000
/** A firing missed by more than this is left to the next one. */
const CATCH_UP_MS = 8 * 86_400_000

interface Firing {
  scheduledAt: number
  played: Promise<StepEnding[]>
}

export function createInvoker(terms: InvokerTerms): Invoker {
  const { db, clock, log, chains, gate } = terms
  const stopping = new AbortController()
  const running = new Map<string, Firing>()
  /** Firings whose progress could not be written down: taken up again at the next look. */
  let broken: Tick[] = []
  let looking: Promise<void> | undefined

  const run = (chain: Chain, tick: Tick): Promise<StepEnding[]> => {
    const played = runChain(terms, chain, tick, stopping.signal)
      .catch((error: unknown) => {
        broken.push(tick)
        throw error
      })
      .finally(() => running.delete(chain.id))
    running.set(chain.id, { scheduledAt: tick.scheduledAt, played })
    return played
  }

  async function look(): Promise<void> {
    let begun = Number.POSITIVE_INFINITY
    let resumed = false
    while (!stopping.signal.aborted) {
      try {
        if ((await gate.objection()) === null) {
          // A clock that is set back must not leave the schedule waiting for what it showed before.
          begun = Math.min(begun, clock.now())
          if (!resumed) resume(await openTicks(db))
          resumed = true
          await resumeBroken()
          await fireDue(begun)
        }
      } catch (error) {
        // A full disk or an unreachable database may be over at the next look: a schedule that gives up is noticed too late.
        log('cron.poll_failed', { error })
      }
      await clock.sleep(LOOK_EVERY_MS, stopping.signal)
    }
  }

  function resume(ticks: Tick[]): void {
    for (const tick of ticks) {
      const chain = chains.find(({ id }) => id === tick.chain)
      if (chain && !running.has(chain.id)) background(run(chain, tick))
    }
  }

  async function resumeBroken(): Promise<void> {
    const found = await Promise.all(broken.map(({ chain, scheduledAt }) => findTick(db, chain, scheduledAt)))
    broken = []
    resume(found.flatMap((tick) => (tick && tick.endedAt === null ? [tick] : [])))
  }

  async function fireDue(begun: number): Promise<void> {
    for (const chain of chains) {
      if (running.has(chain.id)) continue
      const last = (await lastScheduled(db, chain.id)) ?? begun
      const due = newestDue(chain, Math.max(last, clock.now() - CATCH_UP_MS), clock.now())
      if (due === null) continue
      const tick = await beginTick(db, chain.id, due, clock.now())
      if (tick) background(run(chain, tick))
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
      const underWay = running.get(id)
      const ended = await underWay?.played
      if (ended && underWay?.scheduledAt === scheduledAt) return ended
      await beginTick(db, id, scheduledAt, clock.now())
      await restartTick(db, id, scheduledAt, clock.now())
      const tick = await findTick(db, id, scheduledAt)
      if (!tick) throw new Error(`the firing of ${id} could not be recorded`)
      return await run(chain, tick)
    },
    stop: async () => {
      stopping.abort()
      await Promise.allSettled([looking, ...[...running.values()].map(({ played }) => played)])
    },
  }
}
