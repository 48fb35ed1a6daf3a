/** What each vendor would take next, and the order in which the vendors of a dataset stand. */
import { nextCallAt } from '../../db/budgets/take-calls.ts'
import { listCircuits } from '../../db/circuits/circuits.ts'
import { findHead } from '../../db/gap-tasks/find-head.ts'
import { datasetsOf, serversOf } from '../_dispatch/desk.ts'
import { limitsOf } from '../_dispatch/limits.ts'
import { reachOf } from '../_dispatch/reach.ts'
import { scorerAt } from '../_dispatch/scorer.ts'
import type { Node } from '../_runtime/node.ts'

/** Per dataset the vendors that may be asked for it, best score first, each with the first task it could take, which the score is of; nothing is claimed. */
export async function headsOf(node: Node, now: number) {
  const circuits = await listCircuits(node.db)
  const scorer = await scorerAt(node, now)
  const heads = []
  for (const { dataset, spec } of datasetsOf(node.config)) {
    const ranking = []
    for (const server of serversOf(node, dataset)) {
      const vendor = server.seat.name
      const reach = { vendor, dataset, ...reachOf(server.terms, spec, now), lane: null, now }
      const head = (await findHead(node.db, reach)) ?? null
      const budgetAt = await nextCallAt(node.db, limitsOf(server.seat, head?.lane ?? 'backfill'), now)
      const blockedUntil = circuits.find((row) => row.vendor === vendor)?.blockedUntil ?? 0
      const freeAt = budgetAt === null ? null : Math.max(now, budgetAt, blockedUntil)
      ranking.push({
        ...(await scorer(server, dataset, spec, head)),
        freeAt: freeAt === null ? null : new Date(freeAt).toISOString(),
        head,
      })
    }
    heads.push({ dataset, ranking: ranking.sort((a, b) => b.score - a.score) })
  }
  return heads
}
