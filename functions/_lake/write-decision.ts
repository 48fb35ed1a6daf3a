/** What an accepted answer means for a cell that may be on disk already. Pure. */
import { type Row, rowKey } from '../_market/row.ts'
import { digestKnownAs, digestRows, isSameDigest } from './digest.ts'
import type { Verdict } from './manifest.ts'
import { newestVintages } from './vintages.ts'

export interface Decision {
  verdict: Verdict
  /** Distinct rows by the dataset's key and digest of the rows that are on disk once the decision is carried out. */
  rows: number
  digest: string
  /** Digest of the rows that were on disk before, null when there were none. */
  previous: string | null
  /** Digest of an answer that is not taken. */
  refused: string | null
}

/** Rows that a reader will see: one per bar start, series, or whatever else the dataset's key tells apart. */
export const distinctRows = (rows: readonly Row[], key: readonly string[]): number =>
  rows.length === 1 ? 1 : new Set(rows.map((row) => rowKey(row, key))).size

/** Digest of the rows that count: an older vintage that is kept beside them is no part of it. */
const digestOf = (rows: readonly Row[]): string => digestRows(newestVintages(rows))

/**
 * An answer with fewer rows never replaces one with more: a vendor that forgets must not make us forget. `merged` is what would be
 * on disk if the answer is taken. An answer that changes nothing that counts is `same`. `known` is the digest by which the old rows are remembered;
 * where it is theirs it stays their name.
 */
export function decide(
  old: readonly Row[],
  answer: readonly Row[],
  merged: readonly Row[],
  key: readonly string[],
  known: string | null = null,
): Decision {
  const digest = digestOf(merged)
  const rows = distinctRows(merged, key)
  if (old.length === 0)
    return { verdict: merged.length === 0 ? 'same' : 'new', rows, digest, previous: null, refused: null }
  const stored = digestOf(old)
  const previous = known === null || isSameDigest(known, stored) ? stored : digestKnownAs(known, newestVintages(old))
  const had = distinctRows(old, key)
  // Of bars the answer is what would be on disk.
  const answered = answer === merged ? digest : digestOf(answer)
  if (stored === answered) return { verdict: 'same', rows: had, digest: previous, previous, refused: null }
  if (distinctRows(answer, key) < had) {
    return { verdict: 'kept_more_rows', rows: had, digest: previous, previous, refused: answered }
  }
  if (stored === digest) return { verdict: 'same', rows: had, digest: previous, previous, refused: null }
  return { verdict: 'replaced', rows, digest, previous, refused: null }
}
