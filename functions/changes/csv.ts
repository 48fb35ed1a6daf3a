/** Changes as CSV: a line for every field that differs; a change without one has a line of its own. */
import type { FoundCorrection } from '../../db/corrections/page-corrections.ts'

const HEAD =
  'found_at,dataset,symbol,dt,vendor,verdict,window,previous,digest,rows_before,rows,added,removed,changed,field,field_rows,emptied,largest'

export const csvOf = (rows: readonly FoundCorrection[]): string =>
  [HEAD, ...rows.flatMap(linesOf)].map((line) => `${line}\r\n`).join('')

/** No value needs quotes: names, days, digests and numbers hold neither commas nor quotes. */
function linesOf(row: FoundCorrection): string[] {
  const { dataset, symbol, dt, vendor, verdict, window, previous, digest, rowsBefore, rows, difference } = row
  const about = [new Date(row.at).toISOString(), dataset, symbol, dt, vendor, verdict, window, previous, digest]
  const counts = [rowsBefore, rows, difference?.added, difference?.removed, difference?.changed]
  const fields = difference?.fields.map(({ field, rows, emptied, largest }) => [field, rows, emptied, largest]) ?? []
  const tails = fields.length > 0 ? fields : [[null, null, null, null]]
  return tails.map((tail) => [...about, ...counts, ...tail].map((value) => value ?? '').join(','))
}
