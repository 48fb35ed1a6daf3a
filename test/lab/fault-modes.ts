/** The ways in which a lab vendor can misbehave on command: one entry in the table each. */
import { editRows, longBefore, loopToken, outside, revised, withNull } from './corrupt-rows.ts'
import { HTML_TYPE, JSON_TYPE, type Question, type Reply, reply } from './reply.ts'

/** `requests`: how many requests it applies to; absent = until cleared. */
export type FaultMode = { requests?: number } & (
  | { kind: 'slow-body'; ms: number }
  | { kind: 'truncated-body' }
  | { kind: 'reset' }
  | { kind: 'html-200' }
  | { kind: 'status-500' }
  | { kind: 'status-503-html' }
  | { kind: 'status-504-html' }
  | { kind: 'status-429'; retryAfter?: string }
  | { kind: 'redirect'; location: string }
  | { kind: 'empty-200' }
  | { kind: 'renamed-column' }
  | { kind: 'string-numbers' }
  | { kind: 'gzip-cut' }
  | { kind: 'token-loop' }
  | { kind: 'duplicate-rows' }
  | { kind: 'out-of-order-rows' }
  | { kind: 'rows-outside-range' }
  | { kind: 'range-ignored' }
  | { kind: 'null-value' }
  | { kind: 'revision' }
)

/** An answer and the manner of its sending. */
export interface Delivery {
  reply: Reply
  /** Milliseconds between the first and the second half of the body. */
  pauseMs?: number
  /** Only half of the body is sent, then the socket is closed. */
  truncated?: boolean
  /** Nothing is sent: the connection is reset. */
  reset?: boolean
  /** Sent as gzip whatever was accepted, and only half of it; HTTP itself looks whole. */
  gzipCut?: boolean
}

const page = (title: string): string =>
  `<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`
const html = (status: number, title: string): Delivery => ({ reply: reply(status, HTML_TYPE, page(title)) })
const edit = (honest: Reply, pattern: RegExp, by: string): Delivery => ({
  reply: { ...honest, body: honest.body.replaceAll(pattern, by) },
})

type ModeOf<K> = Extract<FaultMode, { kind: K }>
type Change<M> = (honest: Reply, mode: M, tooMany: Reply, question: Question) => Delivery
type Table = { [K in FaultMode['kind']]: Change<ModeOf<K>> }

const TABLE: Table = {
  'slow-body': (honest, mode) => ({ reply: honest, pauseMs: mode.ms }),
  'truncated-body': (honest) => ({ reply: { ...honest, rows: 0 }, truncated: true }),
  reset: (honest) => ({ reply: { ...honest, rows: 0 }, reset: true }),
  'html-200': () => html(200, 'Scheduled maintenance'),
  'status-500': () => ({ reply: reply(500, JSON_TYPE, '{"message":"internal server error"}') }),
  'status-503-html': () => html(503, '503 Service Temporarily Unavailable'),
  'status-504-html': () => html(504, '504 Gateway Time-out'),
  'status-429': (_honest, mode, tooMany) => ({
    reply: mode.retryAfter === undefined ? tooMany : { ...tooMany, headers: { 'Retry-After': mode.retryAfter } },
  }),
  redirect: (_honest, mode) => ({
    reply: reply(302, HTML_TYPE, page('302 Found'), { headers: { Location: mode.location } }),
  }),
  'empty-200': () => ({ reply: reply(200, JSON_TYPE, '') }),
  'renamed-column': (honest) => edit(honest, /"(c|value)":/g, '"$1_renamed":'),
  'string-numbers': (honest) => edit(honest, /"(o|h|l|c|v|vw|n)":(-?\d[\d.eE+-]*)/g, '"$1":"$2"'),
  'gzip-cut': (honest) => ({ reply: { ...honest, rows: 0 }, gzipCut: true }),
  // The token or next_url that was asked with, again and again: the second page never ends.
  'token-loop': (honest, _mode, _tooMany, question) => ({ reply: loopToken(honest, question) }),
  'duplicate-rows': (honest) => ({ reply: editRows(honest, (rows) => rows.flatMap((row) => [row, row])) }),
  'out-of-order-rows': (honest) => ({ reply: editRows(honest, (rows) => rows.toReversed()) }),
  'rows-outside-range': (honest) => ({
    reply: editRows(honest, (rows) => [...rows.slice(0, 1).map(outside), ...rows]),
  }),
  'range-ignored': (honest) => ({ reply: editRows(honest, (rows) => rows.map(longBefore)) }),
  'null-value': (honest) => ({ reply: editRows(honest, (rows) => withMiddle(rows, withNull)) }),
  revision: (honest) => ({ reply: editRows(honest, (rows) => withMiddle(rows, revised)) }),
}

/** One mode of every kind; a redirect leads to `location`. A kind that is missing here does not compile. */
export const faultModes = (location: string): { [K in FaultMode['kind']]: ModeOf<K> } => ({
  'slow-body': { kind: 'slow-body', ms: 20 },
  'truncated-body': { kind: 'truncated-body' },
  reset: { kind: 'reset' },
  'html-200': { kind: 'html-200' },
  'status-500': { kind: 'status-500' },
  'status-503-html': { kind: 'status-503-html' },
  'status-504-html': { kind: 'status-504-html' },
  'status-429': { kind: 'status-429', retryAfter: '17' },
  redirect: { kind: 'redirect', location },
  'empty-200': { kind: 'empty-200' },
  'renamed-column': { kind: 'renamed-column' },
  'string-numbers': { kind: 'string-numbers' },
  'gzip-cut': { kind: 'gzip-cut' },
  'token-loop': { kind: 'token-loop' },
  'duplicate-rows': { kind: 'duplicate-rows' },
  'out-of-order-rows': { kind: 'out-of-order-rows' },
  'rows-outside-range': { kind: 'rows-outside-range' },
  'range-ignored': { kind: 'range-ignored' },
  'null-value': { kind: 'null-value' },
  revision: { kind: 'revision' },
})

function withMiddle<R>(rows: R[], change: (row: R) => R): R[] {
  const middle = rows.length >> 1
  return rows.map((row, i) => (i === middle ? change(row) : row))
}

/** What is sent instead of the honest answer. `tooMany` is the vendor's own 429. */
export function corrupt(honest: Reply, mode: FaultMode, tooMany: Reply, question: Question): Delivery {
  const change = TABLE[mode.kind] as Change<FaultMode>
  return change(honest, mode, tooMany, question)
}
