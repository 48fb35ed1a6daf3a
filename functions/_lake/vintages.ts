/**
 * Vintages of yields: when a source changes a value that it published before, a raw file keeps both, each with the day from which
 * it was known. Bars have none: there a correction replaces the rows.
 */
import type { Row, Yield } from '../_market/row.ts'
import type { RawPart } from './raw-part.ts'

const isYield = (row: Row): row is Yield => 'series' in row

/** Files of an older node may not say it. */
const knownFrom = (row: Yield): string => row.realtime_start ?? ''

/**
 * The rows that count: all of them for bars; of yields the newest vintage of each series, which is the one known from the latest
 * day on and, of two of one day, the later row. Curation chooses by the same order.
 */
export function newestVintages(rows: readonly Row[]): readonly Row[] {
  if (rows[0] === undefined || !isYield(rows[0])) return rows
  const newest = new Map<string, Yield>()
  for (const row of rows) {
    if (!isYield(row)) return rows
    const before = newest.get(row.series)
    if (before === undefined || knownFrom(row) >= knownFrom(before)) newest.set(row.series, row)
  }
  return [...newest.values()]
}

/**
 * The parts of a cell once `answer` is taken: for bars the answer alone; for yields the stored vintages, and behind them the rows of
 * the answer that say something new: a value that was not the one in force on the day it became known. A series that the answer
 * leaves out keeps what it has. Vintages of another feed are dropped: curation never mixes two feeds in a cell, so a few rows of the new
 * one would lose to them.
 */
export function withVintages(stored: readonly RawPart[], answer: RawPart): RawPart[] {
  if (!answer.rows.every(isYield)) return [answer]
  const earlier = stored.filter(({ provenance }) => provenance.feed === answer.provenance.feed).map(dated)
  if (earlier.length === 0) return [answer]
  const known = new Map<string, Yield[]>()
  for (const row of earlier.flatMap(({ rows }) => rows) as Yield[]) remember(known, row)
  const news = answer.rows.filter((row) => {
    const before = newestBy(known.get(row.series) ?? [], knownFrom(row))
    if (before !== undefined && before.value === row.value) return false
    remember(known, row)
    return true
  })
  return [...earlier, { ...answer, rows: news }]
}

function remember(known: Map<string, Yield[]>, row: Yield): void {
  const vintages = known.get(row.series)
  if (vintages) vintages.push(row)
  else known.set(row.series, [row])
}

/** The vintage in force on a day, the later of two of one day. */
function newestBy(vintages: readonly Yield[], day: string): Yield | undefined {
  let newest: Yield | undefined
  for (const row of vintages) {
    if (knownFrom(row) <= day && (newest === undefined || knownFrom(row) >= knownFrom(newest))) newest = row
  }
  return newest
}

/** Rows that do not say since when they are known were known at the latest when they were fetched. */
function dated(part: RawPart): RawPart {
  const fetched = new Date(part.provenance.fetchedAt).toISOString().slice(0, 10)
  return { ...part, rows: (part.rows as Yield[]).map((row) => ({ ...row, realtime_start: knownFrom(row) || fetched })) }
}
