/** Whether this node may write now. Functions are refused with 503 while a guard objects, and the schedule fires nothing; reads go on. */
import type { MiddlewareHandler } from 'hono'
import type { Health, Reason } from './health.ts'

/** One thing that must be right before anything is written; its reasons are shown by `/readyz`. */
export interface WriteGuard {
  /** Null when it does not object. Asked before every function and at every look of the schedule: cheap. */
  check(): Promise<Reason | null>
}

export interface WriteGate {
  /** The first objection, or null. */
  objection(): Promise<Reason | null>
}

/** After this a refused caller may ask again. */
export const CLOSED_RETRY_MS = 15_000

/** The guards are asked in their order, and none after one that objects. */
export function writeGate(guards: readonly WriteGuard[], health: Health): WriteGate {
  const gate: WriteGate = {
    async objection() {
      for (const guard of guards) {
        const reason = await guard.check()
        if (reason !== null) return reason
      }
      return null
    },
  }
  health.add(async () => {
    try {
      const reason = await gate.objection()
      return reason === null ? [] : [reason]
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      return [{ code: 'not_ready', what: `the node cannot get ready (${why})`, todo: 'see the log', isDown: true }]
    }
  })
  return gate
}

/** Functions that write neither files nor rows: what is wrong with the disk or the clock is a reason to ask them. */
const READERS: ReadonlySet<string> = new Set(['/verify', '/notify', '/login', '/logout'])

/** Whether a request may write, and so waits for the gate. */
export const mayWrite = (method: string, path: string): boolean => method === 'POST' && !READERS.has(path)

/** Answers functions with 503 and one sentence while there is an objection. */
export const refuseWhileClosed =
  (terms: { gate: WriteGate; now: () => number }): MiddlewareHandler =>
  async (c, next) => {
    if (!mayWrite(c.req.method, c.req.path)) return await next()
    const reason = await terms.gate.objection()
    if (reason === null) return await next()
    c.header('Retry-After', String(CLOSED_RETRY_MS / 1000))
    const nextAt = new Date(terms.now() + CLOSED_RETRY_MS).toISOString()
    return c.json({ ok: false, error: `nothing is written now: ${reason.what}. ${reason.todo}`, nextAt }, 503)
  }
