/** Stores the rows of an answer as raw files, compared with the versions that the database knows. */
import type { Attempt } from '../../db/attempts/list-attempts.ts'
import { storedVersions } from '../../db/manifests/stored-versions.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { servableBy } from '../_catalog/servable.ts'
import { asofAt } from '../_expected/expected.ts'
import type { AcceptedCell } from '../_lake/accepted-cell.ts'
import type { Asking } from '../_lake/statements.ts'
import { type StoredCell, writeCells } from '../_lake/write-cells.ts'
import { type CellKey, cellKey } from '../_market/cell.ts'
import { type Action, adjustmentOf } from '../_market/row.ts'
import { healFiles } from '../_recovery/heal-files.ts'
import { recordedHashes } from '../_recovery/recorded-hashes.ts'
import type { Claim } from './claim.ts'
import { type Corrections, detectCorrections } from './detect-corrections.ts'
import type { CellOutcome } from './outcomes.ts'

/** Writes the rows of answered cells; the raw file and its manifest line are on disk before anything is settled. Of events also what was withdrawn. */
export async function storeAnswer(
  context: DispatchContext,
  claim: Claim,
  outcomes: readonly CellOutcome[],
  known: readonly Attempt[],
  asked: { asOf: number; askedAt: number },
): Promise<{ stored: Map<CellKey, StoredCell>; corrections: Map<CellKey, Corrections> }> {
  const vendor = claim.source.connection.name
  const digests = new Map<CellKey, string | null>()
  const versions = new Set<CellKey>()
  for (const row of known) {
    if (row.vendor !== vendor) continue
    digests.set(cellKey(row.symbol, row.dt), row.digest)
    if (storedVersions(row)) versions.add(cellKey(row.symbol, row.dt))
  }
  const asking = claim.spec.expected_rows === 'events' ? askingOf(claim, asked) : null
  const mayWithdraw = asking !== null && isBelievable(outcomes, versions)
  const cells: AcceptedCell[] = []
  const keys: CellKey[] = []
  for (const { want, key, outcome, rows } of outcomes) {
    const isWithdrawn = mayWithdraw && outcome === 'empty' && versions.has(key)
    if (outcome !== 'filled' && outcome !== 'short' && !isWithdrawn) continue
    const { symbol, dt } = want
    cells.push({ symbol, dt, rows, known: digests.get(key) ?? null, difference: null })
    keys.push(key)
  }
  if (cells.length === 0) return { stored: new Map(), corrections: new Map() }
  const adjustment = adjustmentOf(claim.spec.expected_rows)
  const hashes = recordedHashes(context, claim.dataset)
  const write = async () => {
    const corrections = await detectCorrections(context.lake, claim.spec, claim.dataset, vendor, cells)
    for (const [at, cell] of cells.entries()) cell.difference = corrections.get(keys[at]!)?.difference ?? null
    // Anew each time: cells of a damaged file were set aside meanwhile, and what is written now must be later than that.
    const provenance = { vendor, feed: claim.plan.feed, adjustment, fetchedAt: context.now() }
    const stored = await writeCells(context.lake, claim.spec, claim.dataset, provenance, cells, hashes, asking)
    const there = stored.flatMap((cell, at): [CellKey, StoredCell][] => (cell.rows > 0 ? [[keys[at]!, cell]] : []))
    return { stored: new Map(there), corrections }
  }
  for (;;) {
    try {
      return await write()
    } catch (error) {
      // The answer is paid for: a file that is damaged must not cost it. Each is settled once, so that this ends.
      if ((await healFiles(context, error, servableBy(context))) === 0) throw error
    }
  }
}

function askingOf({ plan }: Claim, { asOf, askedAt }: { asOf: number; askedAt: number }): Asking {
  const { kinds, processed } = plan.speaksFor ?? {}
  return {
    asof: asofAt(asOf),
    askedAt,
    speaksFor: ({ kind, effective_date, payable_date }: Action) => {
      const day = payable_date ?? effective_date
      return (kinds?.includes(kind) ?? true) && (!processed || (day >= processed.from && day <= processed.to))
    },
  }
}

/** A list without a single action of what was asked for, where several are known, is a fault of the vendor rather than as many withdrawals. */
const isBelievable = (outcomes: readonly CellOutcome[], versions: ReadonlySet<CellKey>): boolean =>
  outcomes.some(({ outcome }) => outcome === 'filled') ||
  outcomes.filter(({ outcome, key }) => outcome === 'empty' && versions.has(key)).length <= 1
