/** Closes the tasks of symbols that every vendor refuses: their cells are absent for that reason. */
import { type Demotion, listDemotions } from '../../db/demotions/demotions.ts'
import { type Refused, settleRefused } from '../../db/gap-tasks/settle-refused.ts'
import { historyStart } from '../_catalog/availability.ts'
import { sourcesFor } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import type { DatasetName } from '../_market/cell.ts'
import { addDays, type Dt, maxDt, minDt } from '../_market/dt.ts'

const BEGINNING: Dt = '0000-01-01'
const END: Dt = '9999-12-31'

type Scope = Pick<Demotion, 'fromDt' | 'toDt' | 'outcome' | 'until'>

/**
 * Ends the queued tasks of such symbols; returns how many. What is refused for all symbols is a plan's matter, which is doubted within the
 * hour: those tasks wait.
 */
export async function closeRefused(
  context: Pick<DispatchContext, 'db' | 'vendors' | 'now'>,
  dataset: DatasetName,
): Promise<number> {
  const now = context.now()
  const demotions = await listDemotions(context.db, dataset, now)
  const symbols = new Set(demotions.map(({ symbol }) => symbol).filter((symbol) => symbol !== '*'))
  const sources = sourcesFor(context, dataset)
  const refused = [...symbols].flatMap((symbol): Refused[] => {
    const scopes = sources.map(({ connection, terms }): Scope[] => [
      {
        fromDt: BEGINNING,
        toDt: addDays(historyStart(terms.history, now), -1),
        outcome: 'before_history',
        until: Infinity,
      },
      ...demotions.filter((row) => row.vendor === connection.name && (row.symbol === symbol || row.symbol === '*')),
    ])
    return scopes
      .reduce(overlaps, [{ fromDt: BEGINNING, toDt: END, outcome: 'before_history', until: Infinity }])
      .flatMap(({ fromDt, toDt, outcome, until }) => {
        // Before every history is a rule, and costs no row.
        if (until === Infinity) return []
        const reason = outcome === 'before_history' ? 'BEFORE_VENDOR_HISTORY' : 'NOT_ENTITLED'
        return [{ symbol, fromDt, toDt, reason, recheckAt: until }]
      })
  })
  return await settleRefused(context.db, dataset, refused, now)
}

/** The days that both lists refuse; a refusal by right outweighs one by history, and the first that is doubted ends it. */
const overlaps = (before: readonly Scope[], more: readonly Scope[]): Scope[] =>
  before.flatMap((a) =>
    more.flatMap((b) => {
      const [fromDt, toDt] = [maxDt(a.fromDt, b.fromDt), minDt(a.toDt, b.toDt)]
      if (fromDt > toDt) return []
      const outcome = a.outcome === 'not_entitled' || b.outcome === 'not_entitled' ? 'not_entitled' : 'before_history'
      return [{ fromDt, toDt, outcome, until: Math.min(a.until, b.until) }]
    }),
  )
