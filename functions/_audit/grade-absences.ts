/** Grades absences: what the answers of past nights mean together. Incidents come first, because a session that every symbol lacks says nothing about one. */
import type { DatasetConfig } from '../../config/schema.ts'
import { deliveredSpans } from '../../db/coverage/delivered-spans.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import type { SymbolRange } from '../_expected/expected.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { classifyAbsences } from './classify-absences.ts'
import { detectIncidents } from './detect-incidents.ts'
import { clearDelivered, resolveIncidents } from './resolve-incidents.ts'

export interface GradedAbsences {
  /** Sessions that a large share of the universe lacks, and those that turned up again. */
  incidents: number
  cleared: number
  /** Absences that got a more exact reason. */
  named: number
}

/** To be called before gaps are looked for: what an incident explains leaves the gap list, and what one that is over explained comes back. */
export async function gradeAbsences(
  context: Pick<DispatchContext, 'db' | 'vendors' | 'config' | 'now' | 'log'>,
  dataset: DatasetName,
  spec: DatasetConfig,
  ranges: readonly SymbolRange[],
  asof: Dt,
): Promise<GradedAbsences> {
  const begun = context.now()
  const symbols = ranges.map(({ symbol }) => symbol)
  const spans = await deliveredSpans(context.db, dataset, symbols)
  const answered = await clearDelivered(context, dataset, spec, asof)
  const incidents = await detectIncidents(context, dataset, spec, ranges, spans)
  const cleared = answered + (await resolveIncidents(context, dataset, spec, asof, begun))
  const named = await classifyAbsences(context, dataset, spec, spans)
  return { incidents, cleared, named }
}
