/** Scores of vendors for single cells, from one read of everything that was learned. */
import type { DatasetConfig } from '../../config/schema.ts'
import { listScores } from '../../db/vendor-scores/scores.ts'
import type { DatasetSource } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { type CellKey, cellKey, type DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { type Score, scoreOf } from './score.ts'
import { type Segment, segmentsAt } from './segment.ts'

/** A vendor's score for a cell of a dataset; with null, its score in a segment without any observation. */
export type Scorer = (
  source: DatasetSource,
  dataset: DatasetName,
  spec: DatasetConfig,
  cell: { symbol: string; dt: Dt } | null,
) => Promise<Score>

export async function scorerAt(context: Pick<DispatchContext, 'config' | 'db'>, now: number): Promise<Scorer> {
  const scores = await listScores(context.db, now)
  // The vendors of a dataset stand before the same few cells.
  const known = new Map<CellKey, Segment>()
  return async (source, dataset, spec, cell) => {
    const learned = scores.find((row) => row.vendor === source.connection.name && row.dataset === dataset)
    if (cell === null) return scoreOf(source, spec, learned, null)
    const key = `${dataset} ${cellKey(cell.symbol, cell.dt)}`
    const segment = known.get(key) ?? (await segmentsAt(context, dataset, [cell.symbol], now))(cell)
    known.set(key, segment)
    return scoreOf(source, spec, learned, segment)
  }
}
