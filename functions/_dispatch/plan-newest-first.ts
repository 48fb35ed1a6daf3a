/** Call plan for newest-first order: connectors plan forward in time, so they get an older day to start from. */
import type { CallPlan, Connector, PlanTerms, Want } from '../_vendors/vendor.ts'

/**
 * The plan that begins the farthest back of those that still answer `head`; the distance in the head's own days is halved until one does.
 * `others` are sorted by day and symbol, as a connector expects them.
 */
export function planNewestFirst(connector: Connector, head: Want, others: readonly Want[], terms: PlanTerms): CallPlan {
  const older = others.filter(({ symbol, dt }) => symbol === head.symbol && dt < head.dt).reverse()
  for (let back = 2 ** Math.floor(Math.log2(Math.max(1, older.length))); back >= 1; back /= 2) {
    const start = older[back - 1]
    if (start === undefined) continue
    const near = others.filter((want) => want !== start && want.dt >= start.dt)
    const plan = connector.plan(start, withHead(near, head), terms)
    if (plan.wants.some(({ symbol, dt }) => symbol === head.symbol && dt === head.dt)) return plan
  }
  return connector.plan(head, others, terms)
}

function withHead(wants: readonly Want[], head: Want): Want[] {
  const place = wants.findIndex(({ dt, symbol }) => dt > head.dt || (dt === head.dt && symbol > head.symbol))
  return place < 0 ? [...wants, head] : wants.toSpliced(place, 0, head)
}
