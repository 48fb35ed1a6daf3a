/** The manifest lines of an answer as text. What many cells share becomes JSON once, not once a cell. */
import type { DatasetName } from '../_market/cell.ts'
import type { Difference } from '../_market/difference.ts'
import type { Dt } from '../_market/dt.ts'
import type { Provenance } from '../_market/row.ts'
import { sealedLine } from './line-checksum.ts'
import type { Decision } from './write-decision.ts'

/** What a line says of one cell. */
export interface ManifestCell {
  symbol: string
  dt: Dt
  /** Feed and adjustment of the rows now on disk. */
  origin: Provenance
  decision: Decision
  difference: Difference | null
}

/** The end of the lines that tell of a file: its path relative to the root, its sha256, and when the answer was complete. The checksum of the line follows. */
export const endOfLines = (path: string, sha256: string, fetchedAt: string): string =>
  `,"path":${JSON.stringify(path)},"sha256":"${sha256}","fetched_at":"${fetchedAt}"`

/** Makes lines of cells: the text that JSON makes of a ManifestLine and its checksum. `end` is that of the file which holds the cell. */
export function lineWriter(dataset: DatasetName, vendor: string): (manifestCells: ManifestCell, end: string) => string {
  const start = `{"dataset":"${dataset}","symbol":`
  let before: { dt: Dt; origin: Provenance } | undefined
  let shared = ''
  return ({ symbol, dt, origin, decision, difference }, end) => {
    if (before?.dt !== dt || before.origin !== origin) {
      before = { dt, origin }
      shared = `,"dt":"${dt}","vendor":${JSON.stringify(vendor)},"feed":${JSON.stringify(origin.feed)},"adjustment":"${origin.adjustment}","rows":`
    }
    const { verdict, rows, digest, previous, refused } = decision
    const was = previous === null ? 'null' : `"${previous}"`
    const extra = `${refused === null ? '' : `,"refused":"${refused}"`}${difference ? `,"difference":${JSON.stringify(difference)}` : ''}`
    return sealedLine(
      `${start}${JSON.stringify(symbol)}${shared}${rows},"digest":"${digest}","previous":${was},"verdict":"${verdict}"${extra}${end}`,
    )
  }
}
