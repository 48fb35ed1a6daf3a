/**
 * A symbol's first and last day as the user, the calendar or vendors state them. The user's statement always wins. Where vendors contradict each
 * other, or what was delivered, the wider life is taken: a day too many costs a call, a day too few loses data.
 */
import type { Listing } from '../../config/schema.ts'
import type { ReferenceRow } from '../../db/symbol-references/list-references.ts'
import { addDays, type Dt, dayNumber, maxDt } from '../_market/dt.ts'

/** Who states something: the files, the calendar where they do not, or a vendor, with the instant (epoch ms) of its answer. */
export type StatedBy =
  | { by: 'universe' }
  | { by: 'calendar' }
  | { by: 'vendors'; vendors: { vendor: string; askedAt: number | null }[] }

/** What is worth a person's look: vendors that contradict each other or the node, and what the universe might say. */
export interface Remarks {
  contradictions: string[]
  suggestions: string[]
}

export interface Life extends Remarks {
  from: { dt: Dt; stated: StatedBy }
  to: { dt: Dt | null; stated: StatedBy }
}

/** The first and the last day of which anything was delivered. */
export interface DeliveredDays {
  first: Dt
  last: Dt
}

/** Days that differ by no more are the same: vendors count weekends and the day after the last trade differently. */
export const DAYS_ALIKE = 5
/** A delisting counts once it was stated on two evenings, or where the deliveries end so near it. */
const CONFIRMED_MS = 12 * 3_600_000
const DAYS_BEFORE_DELISTING = 10

export const areAlike = (a: Dt, b: Dt): boolean => Math.abs(dayNumber(a) - dayNumber(b)) <= DAYS_ALIKE

export function lifeOf(
  entry: Listing,
  rows: readonly ReferenceRow[],
  delivered: DeliveredDays | undefined,
  calendarStart: Dt,
): Life {
  const remarks: Remarks = { contradictions: [], suggestions: [] }
  const from = firstDay(entry, rows, delivered, calendarStart, remarks)
  const to = lastDay(entry, rows, delivered, remarks)
  if (to.dt === null || from.dt <= to.dt) return { from, to, ...remarks }
  const { symbol } = entry
  remarks.contradictions.push(
    `the first day stated for ${symbol} (${from.dt}) lies after its last (${to.dt}): neither is applied`,
  )
  return {
    from: { dt: entry.from, stated: { by: entry.undated ? 'calendar' : 'universe' } },
    to: { dt: entry.to, stated: { by: 'universe' } },
    ...remarks,
  }
}

interface Claim {
  vendor: string
  dt: Dt
  askedAt: number | null
}

const vendorsOf = (claims: readonly Claim[]): StatedBy => ({
  by: 'vendors',
  vendors: claims.map(({ vendor, askedAt }) => ({ vendor, askedAt })),
})

/** `massive 2012-05-18, other 2012-06-01` */
const listed = (claims: readonly Claim[]): string => claims.map(({ vendor, dt }) => `${vendor} ${dt}`).join(', ')

function firstDay(
  { symbol, from, undated }: Listing,
  rows: readonly ReferenceRow[],
  delivered: DeliveredDays | undefined,
  calendarStart: Dt,
  { contradictions }: Remarks,
): Life['from'] {
  const claims = rows
    .flatMap(({ vendor, listedFrom, detailsAskedAt }): Claim[] =>
      listedFrom === null ? [] : [{ vendor, dt: maxDt(listedFrom, calendarStart), askedAt: detailsAskedAt }],
    )
    .sort((a, b) => (a.dt < b.dt ? -1 : 1))
  const [first, last] = [claims[0], claims.at(-1)]
  if (!undated) {
    if (first && !claims.some(({ dt }) => areAlike(dt, from)))
      contradictions.push(
        `the universe states the first day of ${symbol} as ${from}, which stands; vendors state: ${listed(claims)}`,
      )
    return { dt: from, stated: { by: 'universe' } }
  }
  if (!first || !last) return { dt: from, stated: { by: 'calendar' } }
  if (delivered && delivered.first < first.dt) {
    contradictions.push(
      `the first day of ${symbol} is not applied (${listed(claims)}): data of ${delivered.first} was delivered`,
    )
    return { dt: from, stated: { by: 'calendar' } }
  }
  if (!areAlike(first.dt, last.dt))
    contradictions.push(`vendors state different first days of ${symbol} (${listed(claims)}): the earliest is taken`)
  return { dt: first.dt, stated: vendorsOf(claims.filter(({ dt }) => dt === first.dt)) }
}

function lastDay(
  { symbol, to, undated }: Listing,
  rows: readonly ReferenceRow[],
  delivered: DeliveredDays | undefined,
  { contradictions, suggestions }: Remarks,
): Life['to'] {
  const universe = { dt: to, stated: { by: 'universe' } } as const
  const stating = rows.filter((row) => row.delistedOn !== null && row.isListed !== true)
  const claims = stating
    .map(
      ({ vendor, delistedOn, delistedStatedAt }): Claim => ({
        vendor,
        dt: delistedOn ?? '',
        askedAt: delistedStatedAt,
      }),
    )
    .sort((a, b) => (a.dt < b.dt ? -1 : 1))
  const [first, last] = [claims[0], claims.at(-1)]
  if (!first || !last) return universe
  if (to !== null) {
    if (!claims.some(({ dt }) => areAlike(dt, to)))
      contradictions.push(
        `the universe states the last day of ${symbol} as ${to}, which stands; vendors state: ${listed(claims)}`,
      )
    return universe
  }
  const listing = rows.filter(({ isListed }) => isListed === true).map(({ vendor }) => vendor)
  const said = `${symbol} was delisted (${listed(claims)})`
  if (listing.length > 0) {
    contradictions.push(`${said}, but ${listing.join(' and ')} lists it: it is taken to live`)
  } else if (delivered && delivered.last > last.dt) {
    contradictions.push(`${said}, but data of ${delivered.last} was delivered: it is taken to live`)
  } else if (!undated) {
    suggestions.push(`${said}: if that is right, give it \`to: ${last.dt}\` in the universe`)
  } else if (!isConfirmed(stating, last.dt, delivered)) {
    suggestions.push(`${said}, stated once: it applies when it is stated again`)
  } else {
    if (!areAlike(first.dt, last.dt))
      contradictions.push(`vendors state different last days of ${symbol} (${listed(claims)}): the latest is taken`)
    return { dt: last.dt, stated: vendorsOf(claims.filter(({ dt }) => dt === last.dt)) }
  }
  return universe
}

/** One answer proves nothing, because lists mix up companies: two vendors, two evenings, or deliveries that end just before the day do. */
function isConfirmed(stating: readonly ReferenceRow[], dt: Dt, delivered: DeliveredDays | undefined): boolean {
  if (stating.length > 1) return true
  if (delivered && delivered.last >= addDays(dt, -DAYS_BEFORE_DELISTING)) return true
  return stating.some((row) => (row.delistedStatedAt ?? 0) - (row.delistedFirstStatedAt ?? 0) >= CONFIRMED_MS)
}
