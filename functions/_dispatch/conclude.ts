/** What the answers of the past nights mean together: incidents first, because a session that everybody lacks says nothing of a symbol. */
import type { DatasetConfig } from '../../config/schema.ts'
import { deliveredSpans } from '../../db/coverage/delivered-spans.ts'
import type { Life } from '../_expected/expected.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import type { Desk } from './desk.ts'
import { nameAbsences } from './name-absences.ts'
import { spotIncidents } from './spot-incidents.ts'
import { clearAnswered, lookAgain } from './tend-incidents.ts'

export interface Concluded {
  /** Sessions that a large share of the universe lacks, and those that turned up again. */
  incidents: number
  cleared: number
  /** Absences that got a more exact reason. */
  named: number
}

/** To be called before gaps are looked for: what an incident explains leaves the gap list, and what one that is over explained comes back. */
export async function conclude(
  desk: Pick<Desk, 'db' | 'seats' | 'config' | 'now' | 'log'>,
  dataset: DatasetName,
  spec: DatasetConfig,
  lives: readonly Life[],
  asof: Dt,
): Promise<Concluded> {
  const begun = desk.now()
  const symbols = lives.map(({ symbol }) => symbol)
  const spans = await deliveredSpans(desk.db, dataset, symbols)
  const answered = await clearAnswered(desk, dataset, spec, asof)
  const incidents = await spotIncidents(desk, dataset, spec, lives, spans)
  const cleared = answered + (await lookAgain(desk, dataset, spec, asof, begun))
  const named = await nameAbsences(desk, dataset, spec, spans)
  return { incidents, cleared, named }
}
