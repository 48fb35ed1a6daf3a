/** The canonical text of one row, which digests are made of. Written into bytes first: a text put together from pieces costs more to hash. */
import type { Row } from '../_market/row.ts'
import { MOST_DIGITS, writeNumber } from './number-text.ts'

interface Field {
  name: string
  /** `,"name":` */
  head: Buffer
}

const [OPEN, CLOSE, NEWLINE] = [0x7b, 0x7d, 0x0a]

/** Whether a field is part of the digest. */
export const isDigested = (name: string): boolean => name !== 'realtime_start'

let line = Buffer.allocUnsafe(4096)

/** The line of a row with its end, as `digestRows` documents it. */
export function canonicalLine(row: Row): string {
  const values = row as unknown as Record<string, string | number | null | undefined>
  let at = 0
  for (const { name, head } of fieldsOf(row)) {
    const value = values[name]
    if (value === null || value === undefined) continue
    const text = typeof value === 'number' ? '' : JSON.stringify(value)
    reserve(at, head.length + MOST_DIGITS + 3 * text.length)
    for (let i = 0; i < head.length; i++) line[at++] = head[i] as number
    if (typeof value !== 'number') {
      at += line.write(text, at)
    } else if (Number.isFinite(value)) {
      at = writeNumber(line, at, value)
    } else {
      throw new Error(`expected a finite number in ${name}, got ${value}: a row that cannot be stored has no digest`)
    }
  }
  // In the place of the first comma.
  line[0] = OPEN
  at = Math.max(1, at)
  line[at] = CLOSE
  line[at + 1] = NEWLINE
  return line.toString('utf8', 0, at + 2)
}

let lastNames: string[] = []
let lastFields: readonly Field[] = []

/** The digested fields of a row in code-unit order. Rows come thousands at a time with the same fields: those are sorted once. */
function fieldsOf(row: Row): readonly Field[] {
  let at = 0
  for (const name in row) if (name !== lastNames[at++]) return sortedFields(row)
  return at === lastNames.length ? lastFields : sortedFields(row)
}

function sortedFields(row: Row): readonly Field[] {
  lastNames = Object.keys(row)
  lastFields = lastNames
    .filter(isDigested)
    .sort()
    .map((name) => ({ name, head: Buffer.from(`,"${name}":`) }))
  return lastFields
}

function reserve(at: number, more: number): void {
  // The end of the line as well.
  if (at + more + 3 <= line.length) return
  const larger = Buffer.allocUnsafe(2 * (at + more + 3))
  line.copy(larger, 0, 0, at)
  line = larger
}
