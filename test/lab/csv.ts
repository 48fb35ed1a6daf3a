/** Reads the folder source's CSV files line by line and names file and line of whatever cannot be read. */
import { readFileSync } from 'node:fs'

export interface CsvFile {
  path: string
  /** The line's number in the file (the header is line 1) and its fields by column name. */
  lines: [line: number, fields: Record<string, string>][]
}

/** Quotes are not supported: no file of the folder format needs them. Throws an Error naming the file when it cannot be read. */
export function readCsv(path: string, columns: readonly string[]): CsvFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`expected a readable CSV file, got ${(error as NodeJS.ErrnoException).code ?? 'an error'}: ${path}`)
  }
  const [first = '', ...rest] = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const header = first.split(',').map((name) => name.trim())
  const missing = columns.filter((column) => !header.includes(column))
  if (missing.length > 0) {
    throw new Error(`${path}:1: expected a header with ${columns.join(',')}, got ${JSON.stringify(first.slice(0, 80))}`)
  }
  const lines: CsvFile['lines'] = []
  for (const [i, line] of rest.entries()) {
    if (line.trim() === '') continue
    const fields = line.split(',')
    lines.push([i + 2, Object.fromEntries(header.map((name, column) => [name, (fields[column] ?? '').trim()]))])
  }
  return { path, lines }
}

/** The number of a field, the same double its text means; empty, NaN and null are null. */
export function numberOf(file: CsvFile, line: number, name: string, text: string | undefined): number | null {
  if (text === undefined || /^(nan|null|none|)$/i.test(text)) return null
  const value = Number(text)
  if (Number.isFinite(value)) return value
  throw new Error(`${file.path}:${line}: expected a number in ${name}, got ${JSON.stringify(text)}`)
}

/** The instant of an ISO stamp with a zone, epoch ms. */
export function stampOf(file: CsvFile, line: number, name: string, text: string | undefined): number {
  const isStamp = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/.test(text ?? '')
  const ms = isStamp ? Date.parse((text ?? '').replace(' ', 'T')) : Number.NaN
  if (!Number.isNaN(ms)) return ms
  throw new Error(
    `${file.path}:${line}: expected an instant such as 2013-10-04T13:30:00Z in ${name}, got ${JSON.stringify(text)}`,
  )
}
