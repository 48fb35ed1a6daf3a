/** What each vendor would take next, and the order in which the vendors of a dataset stand. */
import { nextCallAt } from '../../db/budgets/take-calls.ts'
import { listCircuits } from '../../db/circuits/circuits.ts'
import { findHead } from '../../db/gap-tasks/find-head.ts'
import { limitsOf } from '../_catalog/account-limits.ts'
import { availableRange } from '../_catalog/availability.ts'
import { datasetsOf, sourcesFor } from '../_catalog/catalog.ts'
import { scorerAt } from '../_dispatch/scorer.ts'
import type { Node } from '../_http/node.ts'

/** Per dataset the vendors that may be asked for it, best score first, each with the first task it could take, which the score is of; nothing is claimed. */
export async function headsOf(node: Node, now: number) {
  const circuits = await listCircuits(node.db)
  const scorer = await scorerAt(node, now)
  const heads = []
  for (const { dataset, spec } of datasetsOf(node.config)) {
    const ranking = []
    for (const source of sourcesFor(node, dataset)) {
      const vendor = source.connection.name
      const reach = { vendor, dataset, ...availableRange(source.terms, spec, now), lane: null, now }
      const head = (await findHead(node.db, reach)) ?? null
      const budgetAt = await nextCallAt(node.db, limitsOf(source.connection, head?.lane ?? 'backfill'), now)
      const blockedUntil = circuits.find((row) => row.vendor === vendor)?.blockedUntil ?? 0
      const freeAt = budgetAt === null ? null : Math.max(now, budgetAt, blockedUntil)
      ranking.push({
        ...(await scorer(source, dataset, spec, head)),
        freeAt: freeAt === null ? null : new Date(freeAt).toISOString(),
        head,
      })
    }
    heads.push({ dataset, ranking: ranking.sort((a, b) => b.score - a.score) })
  }
  return heads
}
