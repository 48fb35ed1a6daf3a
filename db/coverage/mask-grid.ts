/** The expected days of some lives in some months, as masks out of which queries take what is known. Day d is bit d-1. */

export interface MaskGrid {
  ranges: readonly ExpectedRange[]
  months: readonly MonthMask[]
  /** One mask a life (row) and month (column), row after row. */
  masks: Int32Array
  /** The column of a month, by its number. */
  columns: ReadonlyMap<number, number>
}

/** Months since year 0 of a `YYYY-MM…` that begins at `at`. */
const monthNumber = (text: string, at = 0): number =>
  Number(text.slice(at, at + 4)) * 12 + Number(text.slice(at + 5, at + 7))

/** The sessions of each month that lie within each life. */
export function expectedGrid(ranges: readonly ExpectedRange[], months: readonly MonthMask[]): MaskGrid {
  const numbers = months.map(({ month }) => monthNumber(month))
  const masks = new Int32Array(ranges.length * months.length)
  for (const [row, { fromDt, toDt }] of ranges.entries()) {
    const [first, last] = [monthNumber(fromDt), monthNumber(toDt)]
    const fromFirst = -1 << (Number(fromDt.slice(8)) - 1)
    const toLast = ~(-2 << (Number(toDt.slice(8)) - 1))
    for (const [column, number] of numbers.entries()) {
      if (number < first || number > last) continue
      const cut = (number === first ? fromFirst : -1) & (number === last ? toLast : -1)
      masks[row * months.length + column] = months[column]!.mask & cut
    }
  }
  return { ranges, months, masks, columns: new Map(numbers.map((number, column) => [number, column])) }
}

/** Rows with a day left, each with its symbol: what a further query is worth asking about. */
export function rowsLeft({ ranges, months, masks }: MaskGrid): Record<number, string> {
  const left: Record<number, string> = {}
  for (const [row, { symbol }] of ranges.entries()) {
    for (let at = row * months.length; at < (row + 1) * months.length; at++) {
      if (masks[at] === 0) continue
      left[row] = symbol
      break
    }
  }
  return left
}

/** The days that are left in some of the months, life by life. */
export function monthsLeft({ ranges, months, masks, columns }: MaskGrid, some: readonly MonthMask[]): MonthOfGaps[] {
  const shown = some.map(({ month }) => ({ month, column: columns.get(monthNumber(month)) as number }))
  const left: MonthOfGaps[] = []
  for (const [row, { symbol }] of ranges.entries()) {
    for (const { month, column } of shown) {
      const gaps = masks[row * months.length + column] as number
      if (gaps !== 0) left.push({ symbol, month, gaps })
    }
  }
  return left
}

const ZERO = 48
const COMMA = 44
const COLON = 58

/**
 * Takes out the days a text says: lines `row:entry,entry;row:…`, an entry being a month with its mask (`2024-02511`). The text is of a
 * million signs, so it comes as bytes and is read where it lies: strings and pieces would take longer than the query.
 */
export function takeMasks(grid: MaskGrid, text: Uint8Array): void {
  forEachEntry(grid, text, (cell, at) => {
    let mask = 0
    let end = at + 'YYYY-MM'.length
    for (let sign = text[end]!; sign >= ZERO && sign < COLON; sign = text[++end]!) mask = mask * 10 + sign - ZERO
    if (cell >= 0) grid.masks[cell]! &= ~mask
    return end
  })
}

/** Tells of each entry the place of its month in the masks, -1 for a month outside, and where it begins; is told where it ends. */
function forEachEntry(
  { months, columns }: MaskGrid,
  text: Uint8Array,
  take: (cell: number, at: number) => number,
): void {
  let at = 0
  while (at < text.length) {
    let row = 0
    for (; text[at] !== COLON; at++) row = row * 10 + text[at]! - ZERO
    do {
      at++
      const year = numberAt(text, at) * 100 + numberAt(text, at + 2)
      const column = columns.get(year * 12 + numberAt(text, at + 'YYYY-'.length))
      at = take(column === undefined ? -1 : row * months.length + column, at)
    } while (text[at] === COMMA)
    at++
  }
}

/** A number of two digits. */
const numberAt = (text: Uint8Array, at: number): number => (text[at]! - ZERO) * 10 + text[at + 1]! - ZERO

export interface ExpectedRange {
  symbol: string
  /** First and last day expected, both inclusive, already clipped to the dataset's depth and the as-of day. */
  fromDt: string
  toDt: string
}

export interface MonthMask {
  month: string
  /** Sessions of the month: day d is bit d-1. */
  mask: number
}

export interface MonthOfGaps {
  symbol: string
  month: string
  /** The missing days of the month. */
  gaps: number
}
