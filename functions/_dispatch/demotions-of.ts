/** Demotions: what a vendor's refusals mean beyond their cells, so that it is not asked again for a while. */
import type { Demotion } from '../../db/demotions/demotions.ts'
import { maxDt, minDt } from '../_market/dt.ts'
import type { Outcome } from '../_market/outcome.ts'
import type { Claim } from './claim.ts'
import type { CellOutcome } from './outcomes.ts'

/** A refusal of a whole plan is doubted sooner than one of a single symbol. */
const PLAN_DEMOTION_MS = 60 * 60_000
const SYMBOL_DEMOTION_MS = 30 * 24 * 60 * 60_000

/** Missing rights to everything may be a key that is soon repaired; a wall or an unknown symbol stays. */
export const ttlMs = (whole: boolean, outcome: Outcome): number =>
  whole && outcome === 'not_entitled' ? PLAN_DEMOTION_MS : SYMBOL_DEMOTION_MS

/** Refusals with their scope: the whole dataset when the plan was refused, a symbol that was refused on its own account. */
export function demotionsOf(
  claim: Claim,
  outcomes: readonly CellOutcome[],
  isPlans: (cell: CellOutcome) => boolean,
  now: number,
): Demotion[] {
  const vendor = claim.source.connection.name
  const scopes = new Map<string, Demotion>()
  for (const cell of outcomes) {
    const { want, outcome } = cell
    if (outcome !== 'not_entitled' && outcome !== 'before_history') continue
    const whole = isPlans(cell)
    const symbol = whole ? '*' : want.symbol
    const scope = scopes.get(`${symbol} ${outcome}`)
    // A name that is unknown says nothing of the names the company had on other days.
    const isOneOfItsNames = !whole && (claim.terms.names[want.symbol]?.was.length ?? 0) > 0
    const days: Pick<Demotion, 'fromDt' | 'toDt'> =
      outcome === 'not_entitled' && !isOneOfItsNames
        ? { fromDt: '0000-01-01', toDt: '9999-12-31' }
        : {
            fromDt: outcome === 'before_history' ? '0000-01-01' : minDt(want.dt, scope?.fromDt ?? want.dt),
            toDt: maxDt(want.dt, scope?.toDt ?? want.dt),
          }
    const until = now + ttlMs(whole, outcome)
    scopes.set(`${symbol} ${outcome}`, { vendor, dataset: claim.dataset, symbol, ...days, outcome, until })
  }
  return [...scopes.values()]
}
