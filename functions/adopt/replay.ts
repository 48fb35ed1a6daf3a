/** Adopted lines become memory again when the database is gone, as manifest lines do. To be called at start; costs nothing when all is known. */

import type { Config } from '../../config/schema.ts'
import { recordAdopted } from '../../db/adoptions/record-adopted.ts'
import type { Db } from '../../db/client.ts'
import { manifestMarks } from '../../db/manifests/manifests.ts'
import { cellKey } from '../_market/cell.ts'
import { knownCells } from './known.ts'
import { readAdopted } from './lines.ts'
import { memoryOf } from './take-over.ts'

/** Records the cells of adopted lines that the database has not seen. Answers how many were new to it. */
export async function replayAdopted(
  { db, config, root }: { db: Db; config: Config; root: string },
  now: number,
): Promise<number> {
  const marks = await manifestMarks(db)
  let replayed = 0
  for await (const { path, lines, end } of readAdopted(root, (file) => marks.get(file) ?? 0)) {
    const [first] = lines
    const spec = first && config.datasets[first.dataset]
    if (!first || !spec) continue
    const newest = [...new Map(lines.map((line) => [cellKey(line.symbol, line.dt), line])).values()]
    const known = await knownCells(db, first, newest, 'footers')
    const cells = newest
      .filter(({ symbol, dt }) => !known.has(cellKey(symbol, dt)))
      .map(({ symbol, dt, rows }) => memoryOf(spec, { symbol, dt, rows, digest: null, fetchedAt: 0 }))
    const { vendor, dataset } = first
    await recordAdopted(db, { vendor, dataset, cells, step: null, mark: { path, bytes: end }, now })
    replayed += cells.length
  }
  return replayed
}
