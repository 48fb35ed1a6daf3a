/**
 * Answers that cover more cells than their plan wanted. A list of years of events is a few pages, its cells are millions: one plan claims some of
 * them, and the plans for the others are answered from the same pages, without a call.
 */
import type { Config } from '../../config/schema.ts'
import type { Dt } from '../_market/dt.ts'
import type { CallPlan } from '../_vendors/vendor.ts'

/** What is queued later than this is asked for anew. */
const KEPT_MS = 60 * 60_000

export interface KeptAnswer {
  /** The plan that it answers. */
  plan: CallPlan
  /** Whether its pages are kept; else it is under way. */
  isAnswered: boolean
  holds(cell: { symbol: string; dt: Dt }): boolean
}

export interface KeptAnswers {
  /** A plan is about to be asked, or asked from pages that are kept; what another plan of its vendor and dataset kept is forgotten. */
  begin(plan: CallPlan, universe: Config['universe'], now: number): Promise<void>
  /** The plan is answered to its end. True where its pages have to stay; `forgetPages` will remove them. */
  keep(plan: CallPlan, forgetPages: () => Promise<void>): boolean
  /** The plan was not answered to its end. */
  drop(plan: CallPlan): void
  /** The answer that holds a cell; null for none. */
  covering(
    cell: { vendor: string; dataset: string; symbol: string; dt: Dt },
    universe: Config['universe'],
    now: number,
  ): KeptAnswer | null
  /** Somebody wants to hear the vendors again. */
  forgetAll(): Promise<void>
}

interface Kept {
  plan: CallPlan
  symbols: ReadonlySet<string>
  /** Whose tickers the plan named: another universe may know more of them. */
  universe: Config['universe']
  at: number
  isAnswered: boolean
  forgetPages: () => Promise<void>
}

/** Kept in this process's memory: after a restart the remaining cells cost their calls again. At most one answer a vendor and dataset. */
export function keptAnswers(): KeptAnswers {
  const all = new Map<string, Kept>()
  const keyOf = ({ vendor, dataset }: { vendor: string; dataset: string }): string => `${vendor} ${dataset}`
  /** Plans made from a kept one share its request. */
  const keptOf = (plan: CallPlan): Kept | undefined => {
    const kept = all.get(keyOf(plan))
    return kept?.plan.request === plan.request ? kept : undefined
  }
  return {
    async begin(plan, universe, now) {
      if (keptOf(plan) !== undefined) return
      const before = all.get(keyOf(plan))
      all.delete(keyOf(plan))
      if (plan.covers !== undefined) {
        const symbols = new Set(plan.covers.symbols)
        const forgetPages = async (): Promise<void> => undefined
        all.set(keyOf(plan), { plan, symbols, universe, at: now, isAnswered: false, forgetPages })
      }
      await before?.forgetPages()
    },
    keep(plan, forgetPages) {
      const kept = keptOf(plan)
      if (kept === undefined) return false
      if (!kept.isAnswered) Object.assign(kept, { isAnswered: true, forgetPages })
      return true
    },
    drop(plan) {
      if (keptOf(plan) !== undefined) all.delete(keyOf(plan))
    },
    covering({ vendor, dataset, symbol, dt }, universe, now) {
      const kept = all.get(keyOf({ vendor, dataset }))
      if (kept === undefined || kept.universe !== universe || now > kept.at + KEPT_MS) return null
      const { plan, symbols, isAnswered } = kept
      const holds: KeptAnswer['holds'] = (cell) => symbols.has(cell.symbol) && isWithin(plan, cell.dt)
      return holds({ symbol, dt }) ? { plan, isAnswered, holds } : null
    },
    async forgetAll() {
      const pages = [...all.values()]
      all.clear()
      for (const { forgetPages } of pages) await forgetPages()
    },
  }
}

const isWithin = ({ covers }: CallPlan, dt: Dt): boolean => covers !== undefined && dt >= covers.from && dt <= covers.to
