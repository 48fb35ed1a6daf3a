/** The canonical text of one row, which digests are made of. */
import type { Row } from '../_market/row.ts'

/** Whether a field is part of the digest. */
export const isDigested = (name: string): boolean => name !== 'realtime_start' && name !== 'first_seen'

/** The line of a row with its end, as `digestRows` documents it. */
export function canonicalLine(row: Row): string {
  const values = row as unknown as Record<string, string | number | null | undefined>
  const digested: Record<string, string | number> = {}
  for (const name of fieldsOf(row)) {
    const value = values[name]
    if (value === null || value === undefined) continue
    if (typeof value === 'number' && !Number.isFinite(value))
      throw new Error(`expected a finite number in ${name}, got ${value}: a row that cannot be stored has no digest`)
    digested[name] = value
  }
  return `${JSON.stringify(digested)}\n`
}

let lastNames: string[] = []
let lastFields: readonly string[] = []

/** The digested fields of a row in code-unit order. Rows come thousands at a time with the same fields: those are sorted once. */
function fieldsOf(row: Row): readonly string[] {
  let at = 0
  for (const name in row) if (name !== lastNames[at++]) return sortedFields(row)
  return at === lastNames.length ? lastFields : sortedFields(row)
}

function sortedFields(row: Row): readonly string[] {
  lastNames = Object.keys(row)
  lastFields = lastNames.filter(isDigested).sort()
  return lastFields
}
