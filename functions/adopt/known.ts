/** Which cells need not be adopted again: the database holds as much of them as the walk would find. */
import { type Attempt, listAttempts } from '../../db/attempts/list-attempts.ts'
import type { Db } from '../../db/client.ts'
import { type CellKey, cellKey } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'

/** How closely a file is looked at: its name and size, its footer and columns, or every row. */
export const VERIFIES = ['names', 'footers', 'rows'] as const
export type Verify = (typeof VERIFIES)[number]

const CELLS_PER_QUERY = 5_000

/** The cells a vendor has delivered as far as `verify` would tell. */
export async function knownCells(
  db: Db,
  { vendor, dataset }: { vendor: string; dataset: string },
  cells: readonly { symbol: string; dt: Dt }[],
  verify: Verify,
): Promise<Set<CellKey>> {
  const known = new Set<CellKey>()
  for (let from = 0; from < cells.length; from += CELLS_PER_QUERY) {
    const attempts = await listAttempts(db, dataset, cells.slice(from, from + CELLS_PER_QUERY))
    for (const attempt of attempts) {
      if (attempt.vendor === vendor && isKnown(attempt, verify)) known.add(cellKey(attempt.symbol, attempt.dt))
    }
  }
  return known
}

function isKnown({ digest, outcome, rows }: Attempt, verify: Verify): boolean {
  if (digest !== null) return true
  const isThere = outcome === 'filled' || outcome === 'short'
  switch (verify) {
    case 'names':
      return isThere
    case 'footers':
      return isThere && rows > 0
    case 'rows':
      return false
    default:
      return verify satisfies never
  }
}
