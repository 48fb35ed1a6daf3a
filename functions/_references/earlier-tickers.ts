/**
 * The tickers a company had before its present one, as vendors state them. They apply only where two vendors agree within a few days about a
 * symbol of which the universe states nothing; everything else is a suggestion for a person.
 */
import type { Listing } from '../../config/schema.ts'
import type { ReferenceRow } from '../../db/symbol-references/list-references.ts'
import type { EarlierTicker } from '../../db/symbol-references/table.ts'
import type { Dt } from '../_market/dt.ts'
import { areAlike, type Remarks, type StatedBy } from './life.ts'

export interface EarlierTickers extends Remarks {
  tickers: EarlierTicker[]
  stated: StatedBy
}

interface Claim extends EarlierTicker {
  vendor: string
  askedAt: number | null
  /** Filed as a corporate action: the day is that of the first trade. Days of event lists are approximate. */
  isFiled: boolean
}

export function earlierTickersOf(
  entry: Listing,
  rows: readonly ReferenceRow[],
  { from, to }: { from: Dt; to: Dt | null },
): EarlierTickers {
  const { symbol } = entry
  const claims = rows.flatMap(claimsOf).filter((claim) => claim.symbol !== symbol)
  const was = entry.was
  if (was !== undefined) return { tickers: was, stated: { by: 'universe' }, ...againstUniverse(symbol, was, claims) }
  const remarks: Remarks = { contradictions: [], suggestions: [] }
  const applied: { ticker: EarlierTicker; claims: Claim[] }[] = []
  for (const group of groupsOf(claims)) {
    const day = group.find(({ isFiled }) => isFiled) ?? group[0]
    if (day === undefined) continue
    const isAgreed = new Set(group.map(({ vendor }) => vendor)).size > 1
    const isWithin = day.to >= from && (to === null || day.to < to)
    if (entry.undated && isAgreed && isWithin)
      applied.push({ ticker: { symbol: day.symbol, to: day.to }, claims: group })
    else remarks.suggestions.push(suggestion(symbol, day, group))
  }
  applied.sort((a, b) => (a.ticker.to < b.ticker.to ? -1 : 1))
  const stated: StatedBy =
    applied.length === 0
      ? { by: 'universe' }
      : {
          by: 'vendors',
          vendors: applied.flatMap(({ claims }) => claims.map(({ vendor, askedAt }) => ({ vendor, askedAt }))),
        }
  return { tickers: applied.map(({ ticker }) => ticker), stated, ...remarks }
}

/** One claim a vendor and ticker: what it filed is more exact than its list of events. */
function claimsOf({ vendor, filedTickers, filedAt, eventTickers, namesAskedAt }: ReferenceRow): Claim[] {
  const filed = (filedTickers ?? []).map((one): Claim => ({ ...one, vendor, askedAt: filedAt, isFiled: true }))
  const events = (eventTickers ?? []).map((one): Claim => ({ ...one, vendor, askedAt: namesAskedAt, isFiled: false }))
  const isFiledToo = (event: Claim): boolean =>
    filed.some((one) => one.symbol === event.symbol && areAlike(one.to, event.to))
  return [...filed, ...events.filter((event) => !isFiledToo(event))]
}

/** Claims of one ticker that end within a few days of each other. */
function groupsOf(claims: readonly Claim[]): Claim[][] {
  const groups: Claim[][] = []
  for (const claim of claims) {
    const group = groups.find(([first]) => first && first.symbol === claim.symbol && areAlike(first.to, claim.to))
    if (group) group.push(claim)
    else groups.push([claim])
  }
  return groups
}

const said = (claims: readonly Claim[]): string => claims.map(({ vendor, to }) => `${vendor} ${to}`).join(', ')

const suggestion = (symbol: string, { symbol: earlier, to }: EarlierTicker, claims: readonly Claim[]): string =>
  `${symbol} was ${earlier} before (last day: ${said(claims)}): if that is right, give it \`was: [{ symbol: ${earlier}, to: ${to} }]\` in the universe`

/** What the universe states stands; where vendors state another day, or another ticker, that is told. */
function againstUniverse(symbol: string, was: readonly EarlierTicker[], claims: readonly Claim[]): Remarks {
  const contradictions: string[] = []
  const suggestions: string[] = []
  for (const group of groupsOf(claims)) {
    const first = group[0]
    const own = first && was.find((one) => one.symbol === first.symbol)
    if (!first || (own && areAlike(own.to, first.to))) continue
    if (own)
      contradictions.push(
        `the universe states that ${symbol} was ${own.symbol} up to ${own.to}, which stands; vendors state: ${said(group)}`,
      )
    else suggestions.push(suggestion(symbol, first, group))
  }
  return { contradictions, suggestions }
}
