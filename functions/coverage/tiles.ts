/** A grid as tiles: equal neighbours in time made one, each tile with the question that shows it closer. */
import type { Dt } from '../_market/dt.ts'
import type { Column } from './columns.ts'
import { addCounts, type Counts, noCounts } from './grid.ts'
import { type State, stateOf } from './states.ts'

export interface Tile {
  row: number
  /** First column and how many. */
  column: number
  width: number
  state: State
  counts: Counts
  from: Dt
  to: Dt
  /** True where the tile is one cell. */
  isCell: boolean
}

/**
 * The tiles of one row of a grid; nothing expected, no tile. A tile spans a quarter of the columns at the most: however equal everything
 * is, looking closer always shows less time than before. A single cell is never joined, because it has a story of its own.
 */
export function tilesOf(
  row: number,
  cells: readonly Counts[],
  columns: readonly Column[],
  symbols: number,
  isQuiet = false,
): Tile[] {
  const widest = Math.max(1, Math.floor(columns.length / 4))
  const tiles: Tile[] = []
  columns.forEach(({ from, to, sessions }, column) => {
    const state = stateOf(cells[column]!, isQuiet)
    if (state === null) return
    const isCell = symbols === 1 && sessions.length === 1
    const last = tiles.at(-1)
    const isEqual = last !== undefined && last.column + last.width === column && last.state === state
    if (isEqual && !isCell && last.width < widest) {
      last.width++
      last.to = to
      addCounts(last.counts, cells[column]!)
      return
    }
    const counts = noCounts()
    addCounts(counts, cells[column]!)
    tiles.push({ row, column, width: 1, state, counts, from, to, isCell })
  })
  return tiles
}

/** Symbols as a query names them: one, a range where they stand side by side among all, or the list of them. */
export function symbolsText(symbols: readonly string[], members: readonly string[]): string {
  const first = symbols[0] ?? ''
  const last = symbols.at(-1) ?? first
  if (first === last) return first
  const isRun = members.indexOf(last) - members.indexOf(first) + 1 === symbols.length
  return isRun ? `${first}..${last}` : symbols.join(',')
}
