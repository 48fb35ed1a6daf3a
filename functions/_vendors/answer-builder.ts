/** Builds an Answer: which rows belong to which cell, which cells are answered to the end, and what came uninvited. */
import type { TradingCalendar } from '../_calendar/session.ts'
import { type CellKey, cellKey } from '../_market/cell.ts'
import { type Dt, weekday } from '../_market/dt.ts'
import type { Row } from '../_market/row.ts'
import { type Answer, type Get, type HttpAnswer, VendorError, type Want } from './vendor.ts'

/** What was asked of the vendor: wider than the wants, because a rectangle also covers cells nobody needs. */
export interface Asked {
  symbols: ReadonlySet<string>
  from: Dt
  to: Dt
  calendar: TradingCalendar
  /** Bars that end later (epoch ms) may still change and are left out; absent or null: all have settled. */
  settledUntil?: number | null
}

const MINUTE_MS = 60_000

export interface AnswerBuilder {
  /** Sends one request and counts it; what failed comes back as a value. */
  send(get: Get, request: Parameters<Get>[0]): Promise<HttpAnswer | VendorError>
  isWanted(symbol: string, dt: Dt): boolean
  /** Whether every want has a row, or is refused. */
  hasAll(): boolean
  /** Keeps a row of a wanted cell, ignores one that the requested range merely covers, and counts any other as unrequested. */
  keep(symbol: string, dt: Dt, row: Row): void
  /** Refuses the wanted cells of a symbol with from <= dt <= to: their rows are dropped, their neighbours stay. */
  markMalformed(symbol: string, from: Dt, to: Dt, error: VendorError): void
  /** Marks the wanted cells of a symbol as answered to the end; with `before`, only those of earlier days. */
  complete(symbol: string, before?: Dt): void
  completeAll(): void
  /** Forgets rows and completed cells because the same question is asked again; faults and the count of calls stay. */
  restart(): void
  answer(interruption: VendorError | null): Answer
}

const isOpen = (calendar: TradingCalendar, dt: Dt): boolean =>
  dt < calendar.first || dt > calendar.last ? weekday(dt) % 6 !== 0 : calendar.isSession(dt)

/** Nothing left the house: the budget or our own checks refused. A request that failed on the way may have been counted by the vendor. */
const wasNeverSent = (error: VendorError): boolean => error.status === null && error.fault !== 'unavailable'

/** The keys of the wanted cells, each made once, by symbol and day. */
function keysOf(wants: readonly Want[]): Map<string, Map<Dt, CellKey>> {
  const keys = new Map<string, Map<Dt, CellKey>>()
  for (const { symbol, dt } of wants) {
    const days = keys.get(symbol)
    if (days === undefined) keys.set(symbol, new Map([[dt, cellKey(symbol, dt)]]))
    else if (!days.has(dt)) days.set(dt, cellKey(symbol, dt))
  }
  return keys
}

/** A fresh, empty answer to `wants`. */
export function answerBuilder(wants: readonly Want[], asked: Asked): AnswerBuilder {
  const wanted = keysOf(wants)
  const cells = [...wanted.values()].reduce((sum, days) => sum + days.size, 0)
  const rows = new Map<CellKey, Row[]>()
  const complete = new Set<CellKey>()
  const faults = new Map<CellKey, VendorError>()
  const unrequested = new Map<CellKey, Answer['unrequested'][number]>()
  let calls = 0
  const completeSymbol = (symbol: string, before?: Dt): void => {
    for (const [dt, key] of wanted.get(symbol) ?? []) if (before === undefined || dt < before) complete.add(key)
  }
  return {
    async send(get, request) {
      calls += 1
      try {
        const answer = await get(request)
        if (answer.isCached) calls -= 1
        return answer
      } catch (error) {
        if (!(error instanceof VendorError)) throw error
        if (wasNeverSent(error)) calls -= 1
        return error
      }
    },
    isWanted: (symbol, dt) => wanted.get(symbol)?.has(dt) ?? false,
    hasAll: () => {
      if (rows.size + faults.size < cells) return false
      const keys = [...wanted.values()].flatMap((days) => [...days.values()])
      return keys.every((key) => rows.has(key) || faults.has(key))
    },
    keep(symbol, dt, row) {
      if (asked.settledUntil != null && 'ts' in row && row.ts + MINUTE_MS > asked.settledUntil) return
      const key = wanted.get(symbol)?.get(dt)
      if (key !== undefined) {
        const kept = rows.get(key)
        if (kept === undefined) rows.set(key, [row])
        else kept.push(row)
        return
      }
      const covered = asked.symbols.has(symbol) && dt >= asked.from && dt <= asked.to
      if (covered && isOpen(asked.calendar, dt)) return
      const noteUnrequested = unrequested.get(cellKey(symbol, dt))
      if (noteUnrequested === undefined) unrequested.set(cellKey(symbol, dt), { symbol, dt, rows: 1 })
      else noteUnrequested.rows += 1
    },
    markMalformed(symbol, from, to, error) {
      for (const [dt, key] of wanted.get(symbol) ?? []) {
        if (dt >= from && dt <= to && !faults.has(key)) faults.set(key, error)
      }
    },
    complete: completeSymbol,
    completeAll: () => {
      for (const symbol of wanted.keys()) completeSymbol(symbol)
    },
    restart() {
      rows.clear()
      complete.clear()
      unrequested.clear()
    },
    answer(interruption) {
      for (const key of faults.keys()) complete.delete(key)
      // Half a cell must not be taken for the whole: rows of a cell that was not answered to the end are asked for again.
      for (const key of rows.keys()) if (!complete.has(key)) rows.delete(key)
      return { rows, complete, faults, interruption, unrequested: [...unrequested.values()], calls }
    },
  }
}
