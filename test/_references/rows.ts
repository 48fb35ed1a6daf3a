/** What vendors said of symbols, for tests: a row that states nothing but what it is told to. */
import type { ReferenceRow } from '../../db/symbol-references/list-references.ts'
import { NOW } from '../db/temp-db.ts'

export const referenceRow = (vendor: string, symbol: string, more: Partial<ReferenceRow> = {}): ReferenceRow => ({
  vendor,
  symbol,
  isListed: null,
  name: null,
  type: null,
  exchange: null,
  compositeFigi: null,
  cik: null,
  listedFrom: null,
  delistedOn: null,
  delistedFirstStatedAt: null,
  delistedStatedAt: null,
  eventTickers: null,
  filedTickers: null,
  listedAskedAt: null,
  delistedAskedAt: null,
  detailsAskedAt: null,
  namesAskedAt: null,
  filedAt: null,
  ...more,
})

const WEEK = 7 * 86_400_000

/** A delisting that two evenings stated. */
export const delisted = (dt: string): Partial<ReferenceRow> => ({
  isListed: false,
  listedAskedAt: NOW,
  delistedOn: dt,
  delistedFirstStatedAt: NOW - WEEK,
  delistedStatedAt: NOW,
})

/** The same of one evening. */
export const delistedOnce = (dt: string): Partial<ReferenceRow> => ({ ...delisted(dt), delistedFirstStatedAt: NOW })

export const listed: Partial<ReferenceRow> = { isListed: true, listedAskedAt: NOW }
