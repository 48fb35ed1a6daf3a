/** POST /run/:chain: begins a chain of the schedule by hand, and answers before it ends. */
import type { Context } from 'hono'
import { z } from 'zod'
import { RequestError, readBody } from './_http/handler.ts'
import { isoOf } from './_http/iso-instant.ts'
import type { Node } from './_http/node.ts'
import { checking } from './_http/request-schemas.ts'

/** A chain by hand speaks for now: what an earlier evening left is found by the audit. */
const RunBody = z.strictObject({})

/** Joins a run of the chain that is under way. Throws RequestError 404 that lists the chains there are. */
export const run = (node: Node) =>
  checking({ body: RunBody }, async (c: Context): Promise<Response> => {
    await readBody(c, RunBody)
    const chain = c.req.param('chain') ?? ''
    const begun = await node.schedule?.play(chain)
    if (!begun) throw new RequestError(404, `no chain ${JSON.stringify(chain)} here: ${await chainsThereAre(node)}`)
    const { scheduledAt, alreadyRunning } = begun
    return c.json(
      { ok: true, chain, scheduledAt: isoOf(scheduledAt), ...(alreadyRunning ? { alreadyRunning } : {}) },
      202,
    )
  })

async function chainsThereAre({ schedule }: Node): Promise<string> {
  const ids = ((await schedule?.list()) ?? []).map(({ id }) => id)
  return ids.length === 0 ? 'the schedule has none' : `there are ${ids.join(', ')}`
}
