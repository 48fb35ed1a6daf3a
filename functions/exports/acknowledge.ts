/** POST /exports/:asof/ack: a puller says which bundle it has and which cells it missed; those are queued ahead of the backlog. */
import type { Context } from 'hono'
import { z } from 'zod'
import { recordAck } from '../../db/acks/record-ack.ts'
import { RequestError, readBody } from '../_http/handler.ts'
import { isoOf } from '../_http/iso-instant.ts'
import type { Node } from '../_http/node.ts'
import { checking } from '../_http/request-schemas.ts'
import { SymbolText } from '../_market/cell.ts'
import { type Dt, DtText } from '../_market/dt.ts'
import type { BundleListing } from './bundle-listing.ts'
import type { Bundles } from './bundles.ts'

const MOST_MISSED = 1_000
/** Each is one range for the queue; more would take too long for one call. */
const MOST_DAYS = 60
/** Ahead of all gaps that an audit finds. */
const PRIORITY = 200
/** Refusals that an answer names. */
const MOST_NAMED = 5

const Count = z.int().nonnegative()

export const AckBody = z.strictObject({
  puller: z
    .string()
    .regex(/^[\w.-]{1,64}$/, { error: 'expected a name of letters, digits, ".", "_" and "-", at most 64' }),
  files: Count,
  rows: Count,
  bytes: Count,
  /** sha256 of the SHA256SUMS that the puller has. */
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/, { error: 'expected a sha256 in hex' })
    .optional(),
  missed: z
    .array(z.strictObject({ dataset: z.string().max(64), symbol: SymbolText, dt: DtText }))
    .max(MOST_MISSED, { error: `expected at most ${MOST_MISSED} cells: send the others in another call` })
    .default([]),
})
type AckBody = z.output<typeof AckBody>

/** A range of one day for the queue. */
export interface MissedDay {
  dataset: string
  symbols: string[]
  from: Dt
  to: Dt
  priority: number
}

/** Queues the gaps of a range as a person would. Throws RequestError for a dataset or symbol that is not collected. */
export type Enqueue = (range: MissedDay) => Promise<Record<string, unknown>>

/** Said again it changes nothing. Throws RequestError: 404 without a bundle of the day, 400 for too many days, 409 for too many pullers. */
export const acknowledge = (node: Node, bundles: Bundles, enqueue: Enqueue) =>
  checking({ body: AckBody }, async (c: Context): Promise<Response> => {
    const asof = DtText.safeParse(c.req.param('asof'))
    if (!asof.success) throw new RequestError(400, `asof: ${asof.error.issues[0]?.message}`)
    const bundle = await bundles.of(asof.data)
    const body = await readBody(c, AckBody)
    const days = missedDays(body)
    if (days.length > MOST_DAYS)
      throw new RequestError(
        400,
        `missed: ${days.length} days of datasets, expected at most ${MOST_DAYS}: send the others in another call`,
      )
    const { puller, files, rows, bytes, digest = '', missed } = body
    const at = node.now()
    if (!(await recordAck(node.db, { asof: asof.data, puller, at, digest, files, rows, bytes, missed: missed.length })))
      throw new RequestError(409, `puller: ${asof.data} is acknowledged by too many other names already`)
    const queued = await queueMissed(enqueue, days)
    const said = { asof: asof.data, puller, matches: isSame(body, bundle), missed: missed.length, ...queued }
    node.log('exports.acknowledged', { ...said, files, rows, bytes })
    return c.json({ ok: true, ...said, more: false, nextAt: isoOf(null) })
  })

/** Whether what the puller has is the bundle that stands now. */
const isSame = ({ digest, files, rows, bytes }: AckBody, bundle: BundleListing): boolean =>
  (digest === undefined || digest === bundle.digest) &&
  files === bundle.files &&
  rows === bundle.rows &&
  bytes === bundle.bytes

/** One range for each dataset and day, each symbol once. */
function missedDays({ missed }: AckBody): MissedDay[] {
  const symbols = new Map<string, Set<string>>()
  for (const { dataset, symbol, dt } of missed) {
    const key = `${dt} ${dataset}`
    symbols.set(key, (symbols.get(key) ?? new Set()).add(symbol))
  }
  return [...symbols].map(([key, names]) => {
    const [dt, dataset] = [key.slice(0, 10), key.slice(11)]
    return { dataset, symbols: [...names].sort(), from: dt, to: dt, priority: PRIORITY }
  })
}

const COUNTS = ['enqueued', 'raised', 'alreadyOpen', 'present'] as const

/** What the queue made of the days: cells by what became of them, and what is not collected at all. */
async function queueMissed(enqueue: Enqueue, days: readonly MissedDay[]) {
  const counts = {
    enqueued: 0,
    raised: 0,
    alreadyOpen: 0,
    present: 0,
    explained: 0,
    notExpected: 0,
    notServed: 0,
    unknown: 0,
  }
  const unknown: string[] = []
  const queue = async (day: MissedDay): Promise<void> => {
    try {
      const answer = await enqueue(day)
      for (const name of COUNTS) counts[name] += Number(answer[name])
      counts.explained += sumOf(answer.explained)
      counts.notExpected += sumOf(answer.notExpected)
      counts.notServed += sumOf(answer.notServed)
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      // One unknown symbol must not keep the others of its day from being queued.
      if (day.symbols.length > 1) {
        for (const symbol of day.symbols) await queue({ ...day, symbols: [symbol] })
        return
      }
      counts.unknown += 1
      if (unknown.length < MOST_NAMED) unknown.push(error.message)
    }
  }
  for (const day of days) await queue(day)
  return { ...counts, because: unknown }
}

const sumOf = (counts: unknown): number =>
  Object.values(counts as Record<string, number>).reduce((sum, cells) => sum + cells, 0)
