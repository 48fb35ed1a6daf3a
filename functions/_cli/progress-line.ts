/** How far a count has come, as one line with a bar. */
import { cut, grouped, type Paint, plain } from './screen.ts'

export interface Progress {
  name: string
  done: number
  expected: number
}

const NAME_WIDTH = 20
const PERCENT_WIDTH = 5
const COUNTS_WIDTH = 18
const LONGEST_BAR = 40
const SHORTEST_BAR = 6

/** `  equities_bars         ██████░░░░  58 %  11,970 of 20,639`, never longer than the width. 100 % means that nothing is open. */
export function progressLine({ name, done, expected }: Progress, width: number, paint: Paint = plain): string {
  const share = expected === 0 ? 1 : Math.min(1, done / expected)
  const percent = `${Math.floor(share * 100)} %`.padStart(PERCENT_WIDTH)
  const counts = `${grouped(done)} of ${grouped(expected)}`
  const room = width - NAME_WIDTH - PERCENT_WIDTH - 4
  const hasCounts = room >= SHORTEST_BAR + 2 + Math.max(COUNTS_WIDTH, counts.length)
  const length = Math.min(LONGEST_BAR, hasCounts ? room - 2 - Math.max(COUNTS_WIDTH, counts.length) : room)
  if (length < SHORTEST_BAR) return cut(`${name} ${percent.trim()}`, width)
  const full = Math.floor(share * length)
  const bar = paint('green', '█'.repeat(full)) + paint('dim', '░'.repeat(length - full))
  return `  ${cut(name, NAME_WIDTH).padEnd(NAME_WIDTH)} ${bar} ${percent}${hasCounts ? `  ${counts}` : ''}`
}
