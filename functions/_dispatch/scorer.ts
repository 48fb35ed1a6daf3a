/** The scores of vendors for single cells, with everything that was learned until now read once. */
import type { DatasetConfig } from '../../config/schema.ts'
import { listScores } from '../../db/vendor-scores/scores.ts'
import { type CellKey, cellKey, type DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { type Band, bandsAt } from './band.ts'
import type { Desk, Server } from './desk.ts'
import { type Score, scoreOf } from './score.ts'

/** A vendor's score for a cell of a dataset; for null, for one of a band of which nothing is known. */
export type Scorer = (
  server: Server,
  dataset: DatasetName,
  spec: DatasetConfig,
  cell: { symbol: string; dt: Dt } | null,
) => Promise<Score>

export async function scorerAt(desk: Pick<Desk, 'config' | 'db'>, now: number): Promise<Scorer> {
  const scores = await listScores(desk.db, now)
  // The vendors of a dataset stand before the same few cells.
  const known = new Map<CellKey, Band>()
  return async (server, dataset, spec, cell) => {
    const learned = scores.find((row) => row.vendor === server.seat.name && row.dataset === dataset)
    if (cell === null) return scoreOf(server, spec, learned, null)
    const key = `${dataset} ${cellKey(cell.symbol, cell.dt)}`
    const band = known.get(key) ?? (await bandsAt(desk, dataset, [cell.symbol], now))(cell)
    known.set(key, band)
    return scoreOf(server, spec, learned, band)
  }
}
