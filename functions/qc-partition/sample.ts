/** Which cells of a partition one judgement compares with their digests: bounded, the same for the same version, others for the next one. Pure. */
import { sha256 } from '../_lake/digest.ts'

/** Comparing all cells of a year costs twenty times what reading them costs. */
const MOST_CELLS = 20
/** Rows of a sample that become objects: twenty sessions of minutes with their early and late hours. */
const MOST_ROWS = 20_000
/** Its multiples fill the range from 0 to 1 evenly, whatever the step: versions that are never judged leave no cell out for ever. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2

/**
 * The sample of a partition's `version` among its cells, which come in the same order each time. Each version goes on where the one before ended, so
 * that every cell is met in about twice as many judgements as there are samples in the partition. A cell that holds more rows than a whole sample may
 * is never in it.
 */
export function sampleOf<Cell>(
  cells: readonly Cell[],
  partition: string,
  version: number,
  rowsOf: (cell: Cell) => number,
): Cell[] {
  const chosen = new Set<Cell>()
  let rows = 0
  for (const at of placesOf(cells.length, partition, version)) {
    const cell = cells[at] as Cell
    const more = rowsOf(cell)
    if (chosen.has(cell) || rows + more > MOST_ROWS) continue
    chosen.add(cell)
    rows += more
  }
  return [...chosen]
}

function placesOf(cells: number, partition: string, version: number): number[] {
  const first = Number.parseInt(sha256(partition).slice(0, 8), 16) / 2 ** 32
  // Of few cells all are taken; which of them comes first still moves, so that large ones take turns.
  if (cells <= MOST_CELLS) return Array.from({ length: cells }, (_, at) => (version + at) % cells)
  return Array.from({ length: MOST_CELLS }, (_, at) =>
    Math.floor(((first + (version * MOST_CELLS + at) * GOLDEN_RATIO) % 1) * cells),
  )
}
