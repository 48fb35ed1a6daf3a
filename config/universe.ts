/** The symbols collected: whose a ticker was and when, and the list that the environment gives. */
import { calendarOf } from '../functions/_calendar/calendar.ts'
import { maxDt } from '../functions/_market/dt.ts'
import { claimsOf, dayAfter, NO_END, type TickerClaim } from '../functions/_market/ticker-claims.ts'
import type { Fault } from './describe-fault.ts'
import type { Listing } from './schema.ts'

/** A claim of the entry at an index of the list. */
interface Claim extends TickerClaim {
  index: number
}

/** Entries that contradict themselves or each other. */
export function universeFaults(symbols: readonly Listing[]): Fault[] {
  const sound = symbols.map((entry) => datesFault(entry))
  const own = sound.flatMap((message, index): Fault[] =>
    message === null ? [] : [{ path: ['symbols'], message, at: ['symbols', index] }],
  )
  const twice = symbols.flatMap(({ symbol }, index): Fault[] => {
    const first = symbols.findIndex((one) => one.symbol === symbol)
    if (first === index) return []
    return [{ path: ['symbols'], message: listedTwice(symbol), at: ['symbols', index] }]
  })
  // An entry whose own dates are wrong claims nothing that could be compared.
  const claims = symbols.flatMap((entry, index) =>
    sound[index] === null ? claimsOf(entry).map((claim) => ({ ...claim, index })) : [],
  )
  return [...own, ...twice, ...overlaps(claims)]
}

const listedTwice = (symbol: string): string =>
  `${symbol} is listed twice: remove one. If two companies used the ticker at different times, give the earlier one a name of its own, ` +
  `such as { symbol: ${symbol}-OLD, from: 1998-03-02, to: 2009-06-30, was: [{ symbol: ${symbol}, to: 2009-06-30 }] }`

function datesFault({ symbol, from, to, was = [] }: Listing): string | null {
  if (to !== null && to < from) return `${symbol} ends (${to}) before it begins (${from})`
  let begins = from
  for (const name of was) {
    if (name.to < begins) {
      return name === was[0]
        ? `${symbol}.was: ${name.symbol} ends (${name.to}) before the company begins (${from})`
        : `${symbol}.was: expected the oldest name first, each ending before the next; ${name.symbol} ends on ${name.to}`
    }
    begins = dayAfter(name.to)
  }
  const last = was.at(-1)
  return last && to !== null && to < last.to
    ? `${symbol}.was: expected the oldest name first, each ending before the next; ${last.symbol} ends on ${last.to}, after the company (${to})`
    : null
}

/** A ticker belongs to one company a day: both entries would get the same rows. */
function overlaps(claims: Claim[]): Fault[] {
  const sorted = claims.toSorted((a, b) =>
    a.ticker === b.ticker ? (a.fromDt < b.fromDt ? -1 : 1) : a.ticker < b.ticker ? -1 : 1,
  )
  const faults: Fault[] = []
  let longest: Claim | undefined
  for (const claim of sorted) {
    if (longest?.ticker !== claim.ticker) longest = undefined
    if (longest && longest.symbol !== claim.symbol && claim.fromDt <= longest.toDt) {
      const days = (one: Claim): string => `${one.symbol} (${one.fromDt} to ${one.toDt === NO_END ? 'now' : one.toDt})`
      const message =
        `the ticker ${claim.ticker} belongs to two entries on ${maxDt(claim.fromDt, longest.fromDt)}: ${days(longest)} and ${days(claim)}: ` +
        'correct their from, to or was'
      faults.push({ path: ['symbols'], message, at: ['symbols', claim.index] })
    }
    if (!longest || claim.toDt > longest.toDt) longest = claim
  }
  return faults
}

/** The universe, or the symbols of a list: those that the file has with their dates and names, the others from the calendar's first day on. */
export function withSymbols(listed: Listing[], symbols: readonly string[] | undefined): Listing[] {
  if (symbols === undefined) return listed
  const bySymbol = new Map(listed.map((entry) => [entry.symbol, entry]))
  return symbols.map(
    (symbol) => bySymbol.get(symbol) ?? { symbol, from: calendarOf('xnys').first, to: null, undated: true },
  )
}
