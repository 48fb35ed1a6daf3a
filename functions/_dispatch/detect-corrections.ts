/** Detects corrections: accepted answers that differ from the version the node has, and in what. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { DatasetConfig } from '../../config/schema.ts'
import type { AcceptedCell } from '../_lake/accepted-cell.ts'
import { isDigested } from '../_lake/canonical-row.ts'
import { digestRows, isDigestOf, isSameDigest } from '../_lake/digest.ts'
import { readRawCells } from '../_lake/file-parts.ts'
import type { Lake } from '../_lake/lake.ts'
import { stands } from '../_lake/statements.ts'
import { newestVintages } from '../_lake/vintages.ts'
import { distinctRows } from '../_lake/write-decision.ts'
import { type CellKey, cellKey, type DatasetName } from '../_market/cell.ts'
import type { Difference } from '../_market/difference.ts'
import { type Row, rowKey } from '../_market/row.ts'
import { withoutUnknownZeros } from '../_market/unknown-zero.ts'

/** An answer that differs from the version in the database. */
export interface Corrections {
  /** Of the answer. */
  digest: string
  rows: number
  /** From the version in the database to the answer; null where that version is no longer on disk. */
  difference: Difference | null
}

/**
 * Returns the answers that differ from the versions in the database. Call it before the answers are stored. Where the new rows are on disk
 * already, because an earlier run was killed between file and manifest, the difference itself is unknown.
 */
export async function detectCorrections(
  lake: Lake,
  spec: DatasetConfig,
  dataset: DatasetName,
  vendor: string,
  cells: readonly AcceptedCell[],
): Promise<Map<CellKey, Corrections>> {
  const digests = new Map<AcceptedCell, string>()
  let hashed = 0
  for (const cell of cells) {
    if (cell.known === null) continue
    const digest = digestRows(newestVintages(cell.rows))
    if (!isSameDigest(digest, cell.known)) digests.set(cell, digest)
    // Digests of a whole answer would hold up every other request.
    if (++hashed % 200 === 0) await yieldToEventLoop()
  }
  const corrections = new Map<CellKey, Corrections>()
  if (digests.size === 0) return corrections
  const stored = await readRawCells(lake, spec, dataset, vendor, [...digests.keys()])
  for (const [cell, digest] of digests) {
    const key = cellKey(cell.symbol, cell.dt)
    const before = newestVintages(stored.get(key) ?? [])
    const isKnown = before.length > 0 && cell.known !== null && isDigestOf(before, cell.known)
    // The digest is of a time when a zero was not read as unknown; the rows are the same.
    // What was withdrawn before is no difference from an answer without it.
    const standing = before.filter(stands)
    if (isKnown && digestRows(standing) === digest) continue
    const difference = isKnown ? differenceBetween(standing, newestVintages(cell.rows), spec) : null
    corrections.set(key, { digest, rows: distinctRows(cell.rows, spec.key), difference })
    if (corrections.size % 50 === 0) await yieldToEventLoop()
  }
  return corrections
}

/** Of rows with one key the last counts, as in curation. Fields that are no part of the digest are no difference. */
export function differenceBetween(
  before: readonly Row[],
  after: readonly Row[],
  { key, columns }: Pick<DatasetConfig, 'key' | 'columns'>,
): Difference {
  const old = byKey(before, key)
  const now = byKey(after, key)
  const difference: Difference = { added: 0, removed: 0, changed: 0, fields: [] }
  const changed = new Set<string>()
  for (const { name, type } of columns.filter(({ name }) => isDigested(name))) {
    const found = { field: name, rows: 0, emptied: 0, largest: null as number | null }
    for (const [which, row] of now) {
      const was = old.get(which)
      const [from, to] = [was?.[name] ?? null, row[name] ?? null]
      if (was === undefined || from === to) continue
      changed.add(which)
      found.rows++
      if (to === null) found.emptied++
      if (type === 'double' || type === 'integer') found.largest = larger(found.largest, from, to)
    }
    if (found.rows > 0) difference.fields.push(found)
  }
  for (const which of now.keys()) if (!old.has(which)) difference.added++
  for (const which of old.keys()) if (!now.has(which)) difference.removed++
  return { ...difference, changed: changed.size }
}

type Fields = Record<string, string | number | null | undefined>

const byKey = (rows: readonly Row[], key: readonly string[]): Map<string, Fields> =>
  new Map(rows.map((row) => [rowKey(row, key), withoutUnknownZeros(row) as unknown as Fields]))

function larger(most: number | null, from: Fields[string], to: Fields[string]): number | null {
  if (typeof from !== 'number' || typeof to !== 'number' || from === 0) return most
  const share = Math.abs(to - from) / Math.abs(from)
  return Number.isFinite(share) ? Math.max(most ?? 0, share) : most
}
