/** Pages that come symbol by symbol and by time within a symbol: what each page adds, and what is known when paging stops early. */
import { newYorkDt } from '../_calendar/zone.ts'
import { type Dt, maxDt } from '../_market/dt.ts'
import type { AnswerBuilder, Asked } from './answer-builder.ts'
import type { BarRow } from './bar-row.ts'
import { VendorError } from './vendor.ts'

export interface Pager {
  /** Adds a page. `isLast` is false when the vendor announced another page. */
  take(page: ReadonlyMap<string, readonly BarRow[]>, isLast: boolean): void
  /** Marks what is complete: everything after the last page, else what lies before the last row served. */
  settle(interruption: VendorError | null): void
}

/** How far paging came: everything before this (symbol, day) was served. */
interface Frontier {
  symbol: string
  dt: Dt
}

const isBefore = (a: Frontier, b: Frontier): boolean => a.symbol < b.symbol || (a.symbol === b.symbol && a.dt < b.dt)

/** Reads pages into `gathering`. Symbols compare as ASCII, the order in which vendors sort them. */
export function pagerOf(vendor: string, gathering: AnswerBuilder, asked: Asked): Pager {
  let frontier: Frontier | null = null
  // A page that goes back behind the frontier shows that the order is not what we think; then nothing short of the end is proof.
  let isOrdered = true

  /** Keeps one symbol's rows; the furthest day inside the asked range (null when none) and whether a stamp was unreadable. */
  const readRows = (symbol: string, rows: readonly BarRow[]): { furthest: Dt | null; unreadable: string | null } => {
    let furthest: Dt | null = null
    let unreadable: string | null = null
    for (const row of rows) {
      if (row.bar === null && row.ts === null) {
        unreadable ??= row.issue
        continue
      }
      const dt = newYorkDt(row.ts)
      if (row.bar !== null) gathering.keep(symbol, dt, row.bar)
      else gathering.markMalformed(symbol, dt, dt, malformedRow(vendor, symbol, dt, row.issue))
      // Rows that were never asked for say nothing about how far the question was answered.
      if (!asked.symbols.has(symbol) || dt < asked.from || dt > asked.to) continue
      if (furthest !== null && dt < furthest) isOrdered = false
      if (frontier !== null && isBefore({ symbol, dt }, frontier)) isOrdered = false
      furthest = maxDt(furthest ?? dt, dt)
    }
    return { furthest, unreadable }
  }

  return {
    take(page, isLast) {
      const before = frontier
      let reached: Frontier | null = null
      const unreadable: { symbol: string; issue: string; endsPage: boolean }[] = []
      for (const [symbol, rows] of page) {
        const read = readRows(symbol, rows)
        if (read.unreadable !== null) {
          unreadable.push({ symbol, issue: read.unreadable, endsPage: rows.at(-1)?.ts === null })
        }
        if (read.furthest === null) continue
        const end = { symbol, dt: read.furthest }
        if (reached === null || isBefore(reached, end)) reached = end
      }
      for (const { symbol, issue, endsPage } of unreadable) {
        // The row may belong to any day the page covers: those days are not complete, while earlier and later pages stand.
        const from = before?.symbol === symbol ? before.dt : asked.from
        const to = !isLast && !endsPage && reached?.symbol === symbol ? reached.dt : asked.to
        gathering.markMalformed(symbol, from, to, malformedRow(vendor, symbol, `${from} to ${to}`, issue))
      }
      if (reached !== null && (frontier === null || isBefore(frontier, reached))) frontier = reached
    },
    settle(interruption) {
      if (interruption === null) {
        gathering.completeAll()
        return
      }
      if (frontier === null || !isOrdered) return
      for (const symbol of asked.symbols) {
        if (symbol < frontier.symbol) gathering.complete(symbol)
        else if (symbol === frontier.symbol) gathering.complete(symbol, frontier.dt)
      }
    },
  }
}

/** The error of a cell one of whose rows does not parse. */
export const malformedRow = (vendor: string, symbol: string, when: string, issue: string): VendorError =>
  new VendorError(vendor, 'malformed', `${vendor} served a bar of ${symbol} ${when} that does not parse, at ${issue}`, {
    status: 200,
    sample: issue,
  })
