/** What makes data equal: digests of bytes, and of a cell's rows whatever file holds them. */
import { hash } from 'node:crypto'
import type { Row } from '../_market/row.ts'
import { withoutUnknownZeros } from '../_market/unknown-zero.ts'
import { canonicalLine } from './canonical-row.ts'
import { hashFile } from './file-hashes.ts'
import { newestVintages } from './vintages.ts'

/** Lower-case hex sha256 of bytes or of UTF-8 text. */
export const sha256 = (bytes: Uint8Array | string): string => hash('sha256', bytes)

/** Lower-case hex sha256 of a file. */
export const sha256OfFile = async (path: string): Promise<string> => (await hashFile(path)).hash

/**
 * The logical digest of a cell: lower-case hex sha256 over the canonical lines of its rows, each distinct line once, sorted by
 * code unit and ended by `\n`. A line is a JSON object: the row's fields by name in code-unit order, without those that are null
 * or absent (a column added later leaves old digests alone), numbers in their shortest exact form (-0 is 0), text as JSON text.
 * Left out is `realtime_start`: a vendor without vintages stamps each answer with the day it was asked, so the same yield would look revised daily.
 * So is `first_seen`, which the node notes of an action: the same action answered again is no other one.
 * Of yields with vintages the caller passes the newest ones (vintages.ts): the digest is that of the curve that counts.
 * A zero that stands for an unknown vwap or number of trades is left out like null: files that were written before it was read so hold it still.
 * Throws for a number that is not finite. No rows have a digest too: that of the empty text.
 */
export const digestRows = (rows: readonly Row[]): string => digestAsStored(rows.map(withoutUnknownZeros))

/** Digits by which digests are compared: the database keeps no more (db/attempts/kept-digest.ts), manifests keep all. */
const COMPARED_DIGITS = 32

/** Do two digests mean the same rows? Each may be whole or its beginning; null means that there are none, or that nobody read them. */
export const isSameDigest = (a: string | null, b: string | null): boolean =>
  a === b || (a !== null && b !== null && a.slice(0, COMPARED_DIGITS) === b.slice(0, COMPARED_DIGITS))

/**
 * Is this the digest of these stored rows? Also when it was made before a zero could mean unknown: such a digest stays with the cell, because a new
 * one would look like a correction.
 */
export const isDigestOf = (rows: readonly Row[], digest: string): boolean =>
  isSameDigest(digestRows(rows), digest) || isSameDigest(digestAsStored(rows), digest)

/** The same of all rows that a raw file holds of a cell. False for rows that cannot be stored: nobody delivered those. */
export function isDigestOfCell(stored: readonly Row[], digest: string): boolean {
  try {
    return isDigestOf(newestVintages(stored), digest)
  } catch {
    return false
  }
}

/** The digest of stored rows, with all its digits: the one they are known by where it is theirs. */
export function digestKnownAs(known: string | null, rows: readonly Row[]): string {
  const digest = digestRows(rows)
  if (known === null || isSameDigest(digest, known)) return digest
  const older = digestAsStored(rows)
  return isSameDigest(older, known) ? older : digest
}

/** With each zero as it stands. */
function digestAsStored(rows: readonly Row[]): string {
  const [only] = rows
  if (rows.length === 1 && only) return sha256(canonicalLine(only))
  return sha256([...new Set(rows.map(canonicalLine))].sort().join(''))
}
