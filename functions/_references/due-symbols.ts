/** Which symbols a vendor is to be asked about: lists once a week, questions that cost a call a symbol once in thirty days and only where they are needed. */
import type { Listing } from '../../config/schema.ts'
import type { ReferenceRow } from '../../db/symbol-references/list-references.ts'
import { addDays } from '../_market/dt.ts'
import type { ReferenceQuestion, ReferenceWant } from '../_vendors/vendor.ts'

const DAY_MS = 86_400_000
/** Half a day short of a week, so that an evening's answer is due again on the same evening of the next week. */
const LIST_MS = 6.5 * DAY_MS
const SYMBOL_MS = 30 * DAY_MS
/** Details of a delisted symbol are asked as of a day on which it was surely listed. */
const DAYS_BEFORE_DELISTING = 7

/** `rows`: those of one vendor, by symbol. Never asked comes first, then the oldest answer. */
export function dueWants(
  question: ReferenceQuestion,
  universe: readonly Listing[],
  rows: ReadonlyMap<string, ReferenceRow>,
  now: number,
): ReferenceWant[] {
  return universe
    .flatMap((entry) => {
      const row = rows.get(entry.symbol)
      const askedAt = row?.[ASKED_AT[question]] ?? null
      const isDue = !isFresh(askedAt, IS_LIST[question] ? LIST_MS : SYMBOL_MS, now) && isWanted(question, entry, row)
      return isDue ? [{ symbol: entry.symbol, asOf: asOfDay(row), askedAt: askedAt ?? 0 }] : []
    })
    .sort((a, b) => a.askedAt - b.askedAt || (a.symbol < b.symbol ? -1 : 1))
    .map(({ symbol, asOf }) => ({ symbol, asOf }))
}

const ASKED_AT = {
  listed: 'listedAskedAt',
  delisted: 'delistedAskedAt',
  details: 'detailsAskedAt',
  names: 'namesAskedAt',
} as const

/** Whether one call answers for many symbols. */
export const IS_LIST: Record<ReferenceQuestion, boolean> = {
  listed: true,
  delisted: true,
  details: false,
  names: false,
}

/** An instant that has not come yet was written by a clock that ran ahead. */
const isFresh = (askedAt: number | null, ms: number, now: number): boolean =>
  askedAt !== null && askedAt <= now && askedAt > now - ms

function isWanted(question: ReferenceQuestion, entry: Listing, row: ReferenceRow | undefined): boolean {
  switch (question) {
    case 'listed':
      return true
    case 'delisted':
      return row?.isListed === false
    case 'details':
      // Whether the symbol still lives decides as of which day it is known.
      return (
        entry.undated === true && row?.listedFrom === null && (row.isListed === true || row.delistedAskedAt !== null)
      )
    case 'names':
      return entry.was === undefined
    default:
      return question satisfies never
  }
}

const asOfDay = (row: ReferenceRow | undefined): string | null =>
  row?.isListed === false && row.delistedOn !== null ? addDays(row.delistedOn, -DAYS_BEFORE_DELISTING) : null
