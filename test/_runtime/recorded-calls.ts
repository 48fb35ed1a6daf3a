/** A server that answers the invoker's calls as a test says, with a database of its own: what an invoker needs, for real. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ServerType, serve } from '@hono/node-server'
import { Hono } from 'hono'
import { type Db, openDb } from '../../db/client.ts'
import { migrateDb } from '../../db/migrate.ts'
import { createHealth } from '../../functions/_http/health.ts'
import type { Clock } from '../../functions/_http/node.ts'
import type { WriteGate } from '../../functions/_http/write-gate.ts'
import { virtualClock } from '../../functions/_runtime/clock.ts'
import type { Chain, Step } from '../../functions/_runtime/cron.ts'
import { createInvoker, type Invoker } from '../../functions/_runtime/invoker.ts'

/** A Tuesday evening, 20:30 in New York. */
export const EVENING = Date.parse('2025-07-08T20:30:00-04:00')

export interface Call {
  call: string
  body: Record<string, unknown>
  /** The clock when it came. */
  at: number
  authorization: string | undefined
}

export type Answer = { status?: number; json: unknown } | { text: string }

export interface Callee {
  db: Db
  clock: Clock
  calls: Call[]
  log: { event: string; fields: Record<string, unknown> }[]
  /** How calls are answered; idle at once by default. `nth` counts calls of the same function from 1. */
  answer: (call: Call, nth: number) => Answer | Promise<Answer>
  invoker(
    chains: Chain[],
    more?: { db?: Db; clock?: Clock; token?: string; address?: string; gate?: WriteGate },
  ): Invoker
  close(): Promise<void>
}

export const idle: Answer = { json: { ok: true, more: false, nextAt: null } }
export const more: Answer = { json: { ok: true, more: true, nextAt: null } }
export const laterAt = (instant: number): Answer => ({
  json: { ok: true, more: false, nextAt: new Date(instant).toISOString() },
})

export const step = (call: Step['call'], change: Partial<Step> = {}): Step => ({
  call,
  parallel: 1,
  deadline: 3_600_000,
  body: {},
  ...change,
})
export const night = (...steps: Step[]): Chain => ({
  id: 'night',
  schedule: '30 20 * * 1-5',
  timezone: 'America/New_York',
  steps,
})

export async function startCallee(clock: Clock = virtualClock(EVENING)): Promise<Callee> {
  const folder = await mkdtemp(join(tmpdir(), 'invoker-'))
  const db = await openDb(join(folder, 'node.db'))
  await migrateDb(db, 'migrations')
  const app = new Hono()
  const server = await new Promise<ServerType>((resolve) => {
    const listening = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, () => resolve(listening))
  })
  const bound = server.address()
  const own = `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`
  const callee: Callee = {
    db,
    clock,
    calls: [],
    log: [],
    answer: () => idle,
    invoker: (chains, given = {}) =>
      createInvoker({
        db: given.db ?? db,
        clock: given.clock ?? clock,
        chains,
        address: given.address ?? own,
        token: given.token ?? null,
        gate: given.gate ?? { objection: async () => null },
        health: createHealth({ now: clock.now, log: () => undefined }),
        log: (event, fields) => void callee.log.push({ event, fields }),
      }),
    close: async () => {
      await new Promise((resolve) => server.close(resolve))
      db.close()
      await rm(folder, { recursive: true })
    },
  }
  app.post('/:call', async (c) => {
    const call: Call = {
      call: c.req.param('call'),
      body: await c.req.json(),
      at: clock.now(),
      authorization: c.req.header('authorization'),
    }
    callee.calls.push(call)
    const answer = await callee.answer(call, callee.calls.filter((one) => one.call === call.call).length)
    return 'text' in answer ? c.text(answer.text) : c.json(answer.json as object, (answer.status ?? 200) as 200)
  })
  return callee
}
