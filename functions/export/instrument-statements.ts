/** What a bundle says of an instrument: its tickers with their days, when it was listed and delisted, what it is, and who states it. */
import type { ReferenceRow } from '../../db/symbol-references/list-references.ts'
import type { Dt } from '../_market/dt.ts'
import { claimsOf, NO_END } from '../_market/ticker-claims.ts'
import type { StatedBy } from '../_references/life.ts'
import type { AppliedSymbol } from '../_references/refine-universe.ts'

/** A ticker and its days. A first day that nobody states is null, and so is the last of a ticker in use. */
export interface TickerDays {
  ticker: string
  first: Dt | null
  last: Dt | null
  firstSource: string | null
  lastSource: string | null
}

export interface InstrumentStatement {
  /** The universe's name of the instrument. */
  symbol: string
  /** Oldest first, at least one. */
  tickers: TickerDays[]
  name: string | null
  type: string | null
  exchange: string | null
  figi: string | null
  cik: string | null
  /** Who says what it is, and when. */
  source: string | null
}

const DESCRIBED = ['name', 'type', 'exchange', 'compositeFigi', 'cik'] as const

export function statementOf({ symbol, from, to, was, rows }: AppliedSymbol): InstrumentStatement {
  const claims = claimsOf({ symbol, from: from.dt, to: to.dt, was: was.tickers })
  const tickers = claims.map(({ ticker, fromDt, toDt }, at) => {
    const begins = at > 0 ? was.stated : from.stated
    const ends = at < claims.length - 1 ? was.stated : to.stated
    const first = begins.by === 'calendar' ? null : fromDt
    const last = toDt === NO_END ? null : toDt
    const firstSource = first === null ? null : sourceOf(begins)
    return { ticker, first, last, firstSource, lastSource: last === null ? null : sourceOf(ends) }
  })
  const sorted = rows.toSorted((a, b) => (a.vendor < b.vendor ? -1 : 1))
  const sayers = new Set<ReferenceRow>()
  const [name, type, exchange, figi, cik] = DESCRIBED.map((field) => {
    const sayer = sorted.find((row) => row[field] !== null)
    if (sayer) sayers.add(sayer)
    return sayer?.[field] ?? null
  }) as [string | null, string | null, string | null, string | null, string | null]
  return {
    symbol,
    tickers,
    name,
    type,
    exchange,
    figi,
    cik,
    source: describedBy(sorted.filter((row) => sayers.has(row))),
  }
}

const describedBy = (rows: readonly ReferenceRow[]): string | null =>
  rows.length === 0
    ? null
    : vendorsText(
        rows.map(({ vendor, detailsAskedAt, listedAskedAt }) => ({
          vendor,
          askedAt: Math.max(detailsAskedAt ?? 0, listedAskedAt ?? 0) || null,
        })),
      )

/** `universe`, or the vendors with the day of their statement. */
const sourceOf = (stated: StatedBy): string => (stated.by === 'vendors' ? vendorsText(stated.vendors) : stated.by)

/** `massive 2025-07-08, other` */
const vendorsText = (vendors: readonly { vendor: string; askedAt: number | null }[]): string =>
  vendors
    .map(({ vendor, askedAt }) =>
      askedAt === null ? vendor : `${vendor} ${new Date(askedAt).toISOString().slice(0, 10)}`,
    )
    .join(', ')
