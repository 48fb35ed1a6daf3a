/** The parts a raw file is written of: rows of a new answer, or columns carried over from the file before. */
import type { Provenance, Row } from '../_market/row.ts'
import type { StoredGroup } from '../_parquet/reader.ts'

/** Rows of one symbol and one answer: those of a row group from `from` to `to`. */
export interface StoredPart {
  symbol: string
  provenance: Provenance
  group: StoredGroup
  from: number
  to: number
}

export const isStored = (part: FilePart): part is StoredPart => 'group' in part

/** Rows of one symbol that came with one answer, in the order served. */
export interface RawPart {
  symbol: string
  provenance: Provenance
  rows: readonly Row[]
}

export type FilePart = RawPart | StoredPart
