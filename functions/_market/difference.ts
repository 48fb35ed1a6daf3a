/** How two versions of a cell's rows differ: counts, the fields concerned, and the same as a sentence. */
import { z } from 'zod'

const Count = z.int().min(0)

/** Rows are told apart by the dataset's key. */
export const Difference = z.object({
  added: Count,
  removed: Count,
  /** Rows of both versions that differ in at least one field. */
  changed: Count,
  /** In column order; only those that differ. */
  fields: z.array(
    z.object({
      field: z.string().min(1),
      /** Rows in which it differs, and how many of them had a value that is gone now. */
      rows: z.int().positive(),
      emptied: Count,
      /** The largest change relative to the value before; null for text and days, and where no row has a number on both sides, zero before not counted. */
      largest: z.number().min(0).nullable(),
    }),
  ),
})
export type Difference = z.infer<typeof Difference>

/** `1 row changed: close in 1 by up to 1 %, vwap in 1 (1 now empty)`; null, where nobody can tell any more, is `not measured`. */
export function differenceText(difference: Difference | null): string {
  if (difference === null) return 'not measured'
  const { added, removed, changed, fields } = difference
  const counts = [
    ...(added > 0 ? [`${rowsText(added)} added`] : []),
    ...(removed > 0 ? [`${rowsText(removed)} gone`] : []),
    ...(changed > 0 ? [`${rowsText(changed)} changed: ${fields.map(fieldText).join(', ')}`] : []),
  ]
  return counts.length === 0 ? 'only repeated rows differ' : counts.join('; ')
}

/** The same with what the node did about it. */
export const changeText = (difference: Difference | null, verdict: 'replaced' | 'kept_more_rows'): string =>
  `${differenceText(difference)}${verdict === 'replaced' ? '' : ': fewer rows, kept the old ones'}`

const rowsText = (rows: number): string => `${rows} row${rows === 1 ? '' : 's'}`

function fieldText({ field, rows, emptied, largest }: Difference['fields'][number]): string {
  const most = largest === null ? '' : ` by up to ${percentText(largest)}`
  return `${field} in ${rows}${most}${emptied === 0 ? '' : ` (${emptied} now empty)`}`
}

/** A share as percent with three digits, `0.0125 %`. */
export const percentText = (share: number): string => `${Number((100 * share).toPrecision(3))} %`
