/** The request handler of a function: zod checks the JSON body, the answer is JSON, and every failure is one clear sentence. */
import type { Context } from 'hono'
import { z } from 'zod'
import type { DatasetConfig } from '../../config/schema.ts'
import type { Failing, WorkLeft } from '../../db/partitions/work-left.ts'
import { calendarOf, firstClose } from '../_calendar/calendar.ts'
import { datasetsOf } from '../_catalog/catalog.ts'
import type { DatasetName } from '../_market/cell.ts'
import { isoOf } from './iso-instant.ts'
import type { Node } from './node.ts'
import { checking } from './request-schemas.ts'

/** What every function accepts: the instant it speaks for; the invoker sends the scheduled one. */
export const AsOfBody = z.strictObject({
  at: z.iso
    .datetime({ offset: true, error: 'expected an instant such as 2026-01-05T20:30:00-05:00' })
    .transform((text) => Date.parse(text))
    .optional(),
})

/** A request that cannot be carried out as it stands; `status` is the HTTP answer. */
export class RequestError extends Error {
  readonly status: 400 | 404 | 409
  constructor(status: 400 | 404 | 409, message: string) {
    super(message)
    this.name = 'RequestError'
    this.status = status
  }
}

/** How a function ended: counts, whether calling again at once is worth it, and when it is. */
export interface FunctionResult {
  more: boolean
  nextAt: number | null
}

/**
 * How a function that works on partitions ends. `left` says in words what is not done, and is absent when nothing is left: a chain takes its step for
 * done only then.
 */
export function leftOver(done: 'curated' | 'judged', work: WorkLeft): FunctionResult & { left?: string } {
  const { partitions, due, nextAt, failing } = work
  if (partitions === 0) return { more: false, nextAt: null }
  const many = partitions === 1 ? '1 partition is' : `${partitions} partitions are`
  const left = [`${many} not ${done} yet`, ...failing.map(failureText)].join('; ')
  return due > 0 ? { more: true, nextAt: null, left } : { more: false, nextAt, left }
}

const failureText = ({ dataset, partition, failures, error, retryAt }: Failing): string =>
  `${dataset} ${partition} failed ${failures === 1 ? 'once' : `${failures} times`} (${error}) and may be tried again from ${new Date(retryAt).toISOString()} on`

/** An ending with whatever counts the function adds. */
export type FunctionAnswer = FunctionResult & { [field: string]: unknown }

export type FunctionOf<Body extends z.ZodType> = (node: Node, body: z.output<Body>) => Promise<FunctionResult & object>

/** Binds a function to its route. `nextAt` leaves as an ISO instant. */
export function handler<Body extends z.ZodType>(node: Node, schema: Body, run: FunctionOf<Body>) {
  return checking({ body: schema }, async (c: Context): Promise<Response> => {
    const body = await readBody(c, schema)
    checkInstant(body, node.now())
    const { nextAt, ...ending } = await run(node, body)
    return c.json({ ok: true, ...ending, nextAt: isoOf(nextAt) })
  })
}

/** A clock that ran ahead when a chain fired may have been set right since: that must not cost the night. */
const AHEAD_MS = 60 * 60_000

/** A function speaks for now or for an evening that is over: for one to come it would expect what nobody can have. */
function checkInstant(body: unknown, now: number): void {
  const { at } = body as { at?: number }
  if (at === undefined) return
  const { first } = calendarOf('xnys')
  if (at > now + AHEAD_MS) {
    throw new RequestError(400, `at: lies in the future: this node's clock shows ${new Date(now).toISOString()}`)
  }
  if (at < firstClose(calendarOf('xnys'))) {
    throw new RequestError(400, `at: lies before the first closed session of ${first}`)
  }
}

/** The body of a request through its schema; an empty one is `{}`. Throws RequestError 400 that names each field at fault. */
export async function readBody<Body extends z.ZodType>(c: Context, schema: Body): Promise<z.output<Body>> {
  const text = await c.req.text()
  let json: unknown
  try {
    json = text.trim() === '' ? {} : JSON.parse(text)
  } catch {
    throw new RequestError(400, `the body of ${c.req.path} is not JSON: send {} or nothing`)
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`)
  throw new RequestError(400, faults.join('; '))
}

/** A query's parameter, at most once: of two that differ one would be ignored. */
export const singleParam = <Value extends z.ZodType<unknown, string>>(value: Value) =>
  z
    .tuple([value], { error: 'expected at most once' })
    .transform(([only]) => only)
    .optional()

/** How many of a list are wanted: a whole number from 1 to `most`. */
export function limitParam(most: number) {
  const error = { error: `expected one whole number from 1 to ${most}` }
  return singleParam(
    z
      .string()
      .regex(/^\d{1,4}$/, error)
      .transform(Number)
      .refine((limit) => limit >= 1 && limit <= most, error)
      // In a document it is the number that it stands for.
      .meta({ type: 'integer', pattern: undefined, minimum: 1, maximum: most }),
  )
}

/** A query through its schema; throws RequestError 400 that names each parameter at fault. */
export function readQuery<Query extends z.ZodType>(c: Context, schema: Query): z.output<Query> {
  const parsed = schema.safeParse(c.req.queries())
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map((issue) => `${String(issue.path[0] ?? 'query')}: ${issue.message}`)
  throw new RequestError(400, faults.join('; '))
}

/** The dataset a path names, with its spec; throws RequestError 404 that lists those there are. */
export function datasetNamed({ config }: Node, text: string): { dataset: DatasetName; spec: DatasetConfig } {
  const known = datasetsOf(config)
  const found = known.find(({ dataset }) => dataset === text)
  if (found) return found
  const names = known.map(({ dataset }) => dataset).join(', ')
  throw new RequestError(404, `no dataset ${JSON.stringify(text)} here: there are ${names}`)
}
