/** POST /verify: checks every invariant that the node's files and database can show, a few seconds a call. Changes nothing. */
import { z } from 'zod'
import { AsOfBody, type FunctionResult, RequestError } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { MODES, type VerifyContext } from './check.ts'
import { CHECKS } from './checks/index.ts'
import { exitCodeOf } from './report.ts'
import { UnknownCursor, type Verified, verify } from './verify.ts'

export const VerifyBody = AsOfBody.extend({
  mode: z.enum(MODES).default('fast'),
  /** The `cursor` of the call before; left out to begin. */
  cursor: z.string().nullable().default(null),
  /** Findings listed of each kind; all are counted. */
  listed: z.int().min(1).max(1_000).default(20),
})

/** Of one call: the caller adds them up. `exitCode` is that of the command, for this call alone. */
export type VerifyAnswer = FunctionResult & Verified & { exitCode: number }

const CALL_MS = 5_000

/** The functions do not know the node's keys: the command searches for those of its own environment. */
const WITHOUT_KEYS = CHECKS.filter(({ id }) => id !== 'secrets')

/** What one node's checks keep between the calls of a run. */
const memos = new WeakMap<object, VerifyContext['memo']>()

export async function verifyNode(node: Node, body: z.output<typeof VerifyBody>): Promise<VerifyAnswer> {
  const { mode, cursor, listed } = body
  if (cursor === null) memos.delete(node.db)
  const memo = memos.get(node.db) ?? new Map<string, unknown>()
  memos.set(node.db, memo)
  const { config, db, lake, now, elapsed } = node
  const context: VerifyContext = { config, db, dbFault: null, lake, now, elapsed, isLive: true, secrets: [], memo }
  try {
    const verified = await verify(context, { mode, cursor, listed, milliseconds: CALL_MS, checks: WITHOUT_KEYS })
    if (verified.cursor === null) memos.delete(node.db)
    const exitCode = exitCodeOf(verified)
    if (exitCode > 0) node.log('verify.found', { mode, exitCode, counts: verified.counts, failures: verified.failures })
    return { ...verified, exitCode, more: verified.cursor !== null, nextAt: null }
  } catch (error) {
    throw error instanceof UnknownCursor ? new RequestError(400, error.message) : error
  }
}
