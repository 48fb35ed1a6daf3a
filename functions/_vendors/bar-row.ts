/** One bar as vendors write it (`t o h l c v vw n`), read without guessing: a value of the wrong kind is an issue, never coerced. */
import { z } from 'zod'
import type { Bar } from '../_market/row.ts'
import { withoutUnknownZeros } from '../_market/unknown-zero.ts'
import { firstIssue } from './read-json.ts'

// 1980 to 2100 in milliseconds: a stamp in seconds, microseconds or nanoseconds falls outside and is not taken for a day.
const EARLIEST = Date.UTC(1980, 0, 1)
const LATEST = Date.UTC(2100, 0, 1)
const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/

/** `ts` is null when the stamp could not be read, `bar` when anything could not; then `issue` says what. */
export type BarRow =
  | { ts: number; bar: Bar }
  | { ts: number; bar: null; issue: string }
  | { ts: null; bar: null; issue: string }

const Prices = z.object({
  o: z.number(),
  h: z.number(),
  l: z.number(),
  c: z.number(),
  v: z.number(),
  vw: z.number().nullish(),
  n: z.number().nullish(),
})
const Stamped = z.object({ t: z.unknown() })

const plausible = (ms: number): number | null => (Number.isInteger(ms) && ms >= EARLIEST && ms < LATEST ? ms : null)

/** Epoch ms of an RFC 3339 text with a zone; null for anything else. A text without a zone would be read in ours. */
export const instantOfText = (t: unknown): number | null =>
  typeof t === 'string' && RFC3339.test(t) ? plausible(Date.parse(t)) : null

/** Epoch ms of a whole number of milliseconds; null for anything else. */
export const instantOfNumber = (t: unknown): number | null => (typeof t === 'number' ? plausible(t) : null)

/** Reads one row; `stampOf` knows how this vendor writes an instant. Prices are not judged: that is for QC. An unknown vwap or count is null. */
export function readBar(row: unknown, stampOf: (t: unknown) => number | null): BarRow {
  const stamped = Stamped.safeParse(row)
  if (!stamped.success) return { ts: null, bar: null, issue: `expected a bar, got ${JSON.stringify(row).slice(0, 80)}` }
  const ts = stampOf(stamped.data.t)
  if (ts === null) {
    const got = JSON.stringify(stamped.data.t)?.slice(0, 80) ?? 'nothing'
    return { ts, bar: null, issue: `t: expected the instant of the bar, got ${got}` }
  }
  const prices = Prices.safeParse(row)
  if (!prices.success) return { ts, bar: null, issue: firstIssue(prices.error) }
  const { o, h, l, c, v, vw, n } = prices.data
  const bar = { ts, open: o, high: h, low: l, close: c, volume: v, vwap: vw ?? null, trades: n ?? null }
  return { ts, bar: withoutUnknownZeros<Bar>(bar) }
}
