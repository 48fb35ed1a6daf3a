/** Asks a running node to verify a part of itself. */
import got, { RequestError as GotError } from 'got'
import { z } from 'zod'
import type { Mode } from './check.ts'
import type { Verified } from './verify.ts'

export interface LiveTerms {
  url: string
  token: string | null
  mode: Mode
  listed: number
}

const CALL_TIMEOUT_MS = 30 * 60_000

const Slice = z.object({
  checked: z.int(),
  findings: z.array(
    z.object({
      kind: z.string(),
      invariant: z.string(),
      severity: z.string(),
      means: z.string(),
      todo: z.string(),
      where: z.string(),
      expected: z.string(),
      found: z.string(),
    }),
  ),
  counts: z.record(z.string(), z.int()),
  failures: z.array(z.object({ check: z.string(), place: z.string(), error: z.string() })),
  skipped: z.array(z.string()),
  cursor: z.string().nullable(),
  done: z.int(),
  places: z.int(),
})

/** One call. Throws an Error with one sentence when no node answers, or when it refuses. */
export async function askNode({ url, token, mode, listed }: LiveTerms, cursor: string | null): Promise<Verified> {
  try {
    const answer = await got.post(`${url}/verify`, {
      json: { mode, cursor, listed },
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      retry: { limit: 0 },
      timeout: { request: CALL_TIMEOUT_MS },
      throwHttpErrors: false,
      followRedirect: false,
      responseType: 'json',
    })
    if (answer.statusCode === 200) return Slice.parse(answer.body) as Verified
    const { error } = (answer.body ?? {}) as { error?: string }
    throw new Error(error ?? `HTTP ${answer.statusCode}`)
  } catch (error) {
    const why = error instanceof GotError ? error.code : error instanceof Error ? error.message : String(error)
    throw new Error(`the node at ${url} could not be asked (${why}): give its address with --url, and DATA_NODE_TOKEN`)
  }
}
