/** The local cron: fires chains at their scheduled instants or by hand, once each, and resumes at its step what a killed process left. */
import { beginTick, findTick, lastScheduled, openTicks, restartTick, type Tick } from '../../db/ticks/ticks.ts'
import type { Health } from '../_http/health.ts'
import { isoOf } from '../_http/iso-instant.ts'
import type { Schedule } from '../_http/node.ts'
import type { WriteGate } from '../_http/write-gate.ts'
import { chainState } from './chain-state.ts'
import { type Chain, newestDue, nextAfter } from './cron.ts'
import { type ChainTerms, runChain, type StepEnding } from './run-chain.ts'

export interface InvokerTerms extends ChainTerms {
  chains: readonly Chain[]
  /** Nothing is fired or resumed while it objects. */
  gate: WriteGate
  /** Asked at each look, so that the log says when a reason begins and ends although nobody asks. */
  health: Health
}

export interface Invoker {
  /** Looks for due chains until stopped. */
  start(): void
  /** Plays a chain to its end for a scheduled instant: joins it if it is under way, resumes it if it was left, plays it again if it had ended. */
  play(chain: string, scheduledAt: number): Promise<StepEnding[]>
  /** What the HTTP interface may see and begin. */
  schedule: Schedule
  /** Lets running calls finish, starts no more. */
  stop(): Promise<void>
}

const LOOK_EVERY_MS = 15_000
/** A firing missed by more than this is left to the next one. */
export const CATCH_UP_MS = 8 * 86_400_000

interface Firing {
  scheduledAt: number
  played: Promise<StepEnding[]>
}

interface Begun extends Firing {
  /** The chain was under way before, perhaps for another instant. */
  alreadyRunning: boolean
}

export function createInvoker(terms: InvokerTerms): Invoker {
  const { db, clock, log, chains, gate, health } = terms
  const stopping = new AbortController()
  const running = new Map<string, Firing>()
  /** Open firings that nothing plays now: a killed process left them, or their progress could not be written down. Each look tries to resume them. */
  let left: Tick[] = []
  let looking: Promise<void> | undefined
  let deciding: Promise<unknown> = Promise.resolve()

  /** One decision at a time on what to begin: a chain played by hand must not begin twice because the schedule fires it too. */
  const decide = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = deciding.then(work)
    deciding = turn.catch(() => undefined)
    return turn
  }

  const run = (chain: Chain, tick: Tick): Promise<StepEnding[]> => {
    const played = runChain(terms, chain, tick, stopping.signal)
      .catch((error: unknown) => {
        left.push(tick)
        throw error
      })
      .finally(() => running.delete(chain.id))
    running.set(chain.id, { scheduledAt: tick.scheduledAt, played })
    return played.then((endings) => {
      if (!stopping.signal.aborted) logNext(chain)
      return endings
    })
  }

  async function look(): Promise<void> {
    let begun = Number.POSITIVE_INFINITY
    let isFirst = true
    while (!stopping.signal.aborted) {
      try {
        await health.reasons()
        if ((await gate.objection()) === null) {
          // A clock that is set back must not leave the schedule waiting for what it showed before.
          begun = Math.min(begun, clock.now())
          if (isFirst) {
            left.push(...(await openTicks(db)))
            for (const chain of chains) logNext(chain)
          }
          isFirst = false
          await decide(async () => {
            await resumeLeft()
            await fireDue(begun)
          })
        }
      } catch (error) {
        // A full disk or an unreachable database may be over at the next look: a schedule that gives up is noticed too late.
        log('cron.poll_failed', { error })
      }
      await clock.sleep(LOOK_EVERY_MS, stopping.signal)
    }
  }

  async function resumeLeft(): Promise<void> {
    const looked = [...left]
    const found = await Promise.all(looked.map(({ chain, scheduledAt }) => findTick(db, chain, scheduledAt)))
    // A run that failed meanwhile stands behind those that were looked at.
    left = left.slice(looked.length)
    for (const tick of found) {
      const chain = chains.find(({ id }) => id === tick?.chain)
      if (!chain || !tick || tick.endedAt !== null) continue
      if (running.has(chain.id)) left.push(tick)
      else background(run(chain, tick))
    }
  }

  async function fireDue(begun: number): Promise<void> {
    for (const chain of chains) {
      if (running.has(chain.id)) continue
      const now = clock.now()
      const oldest = now - CATCH_UP_MS
      const last = await lastScheduled(db, chain.id)
      const due = newestDue(chain, Math.max(last ?? (chain.catch_up ? oldest : begun), oldest), now)
      if (due === null) continue
      const tick = await beginTick(db, chain.id, due, now)
      if (!tick) continue
      if (due <= begun) {
        const reason = last === null ? 'first start' : 'missed'
        log('cron.catch_up', { chain: chain.id, scheduledAt: isoOf(due), reason })
      }
      background(run(chain, tick))
    }
  }

  /** Begins a firing by hand, or joins the one of this chain that is under way. */
  const begin = (chain: Chain, scheduledAt: number): Promise<Begun> =>
    decide(async () => {
      const underWay = running.get(chain.id)
      if (underWay) return { ...underWay, alreadyRunning: true }
      await beginTick(db, chain.id, scheduledAt, clock.now())
      await restartTick(db, chain.id, scheduledAt, clock.now())
      const tick = await findTick(db, chain.id, scheduledAt)
      if (!tick) throw new Error(`the firing of ${chain.id} could not be recorded`)
      return { scheduledAt, played: run(chain, tick), alreadyRunning: false }
    })

  const background = (work: Promise<unknown>): void => {
    work.catch((error) => log('cron.failed', { error }))
  }

  const logNext = (chain: Chain): void => {
    log('cron.next', { chain: chain.id, scheduledAt: isoOf(nextAfter(chain, clock.now())) })
  }

  return {
    start: () => {
      looking = look()
      background(looking)
    },
    play: async (id, scheduledAt) => {
      const chain = chains.find((one) => one.id === id)
      if (!chain) throw new Error(`no chain ${id} in cron.json: there are ${chains.map((one) => one.id).join(', ')}`)
      for (;;) {
        const begun = await begin(chain, scheduledAt)
        const endings = await begun.played
        if (begun.scheduledAt === scheduledAt) return endings
      }
    },
    schedule: {
      list: () => Promise.all(chains.map((chain) => chainState(terms, chain, running.get(chain.id)?.scheduledAt))),
      play: async (id) => {
        const chain = chains.find((one) => one.id === id)
        if (!chain) return null
        const { scheduledAt, played, alreadyRunning } = await begin(chain, Math.floor(clock.now() / 1_000) * 1_000)
        if (!alreadyRunning) background(played)
        return { scheduledAt, alreadyRunning }
      },
    },
    stop: async () => {
      stopping.abort()
      await Promise.allSettled([looking, ...[...running.values()].map(({ played }) => played)])
    },
  }
}
