/** The one style of table: names to the left, counts to the right, the last column cut to the width. */
import { cut, grouped, type Paint } from './screen.ts'

export type Cell = string | number | boolean | null | undefined

export interface TableTerms {
  paint: Paint
  width: number
}

const GAP = '  '

const textOf = (cell: Cell): string => {
  if (cell === null || cell === undefined) return '-'
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no'
  return typeof cell === 'number' && Number.isInteger(cell) && cell >= 0 ? grouped(cell) : String(cell)
}

/** A column is to the right where all its cells are numbers or empty. No rows: no table. */
export function table(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  { paint, width }: TableTerms,
): string[] {
  if (rows.length === 0) return []
  const texts = rows.map((row) => head.map((_, at) => textOf(row[at])))
  const widths = head.map((name, at) => Math.max(name.length, ...texts.map((row) => row[at]!.length)))
  const isRight = head.map((_, at) => rows.every((row) => row[at] == null || typeof row[at] === 'number'))
  const line = (cells: readonly string[]): string => {
    const padded = cells.map((cell, at) => (isRight[at] ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
    return cut((GAP + padded.join(GAP)).trimEnd(), width)
  }
  return [paint('bold', line(head)), ...texts.map(line)]
}

/** A table under its title, after an empty line; nothing where it has no rows. */
export const titled = (title: string, lines: readonly string[], paint: Paint): string[] =>
  lines.length === 0 ? [] : ['', paint('cyan', title), ...lines]

/** `2025-07-09T00:30:00.000Z` as `2025-07-09 00:30 UTC`; `-` for never. */
export const instantText = (text: unknown): string =>
  typeof text === 'string' ? `${text.slice(0, 10)} ${text.slice(11, 16)} UTC` : '-'
