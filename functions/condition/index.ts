/** GET /condition/:dataset: each trading day as complete, degraded, pending or missing, with counts, and since when it is final. */
import type { Context } from 'hono'
import { z } from 'zod'
import { conditionsOf } from '../_condition/conditions.ts'
import type { Condition, DayCondition } from '../_condition/day-condition.ts'
import { asofAt, expectedRange } from '../_expected/expected.ts'
import { datasetNamed, RequestError, readQuery, singleParam } from '../_http/handler.ts'
import { isoOf } from '../_http/iso-instant.ts'
import type { Node } from '../_http/node.ts'
import { checking } from '../_http/request-schemas.ts'
import { addDays, DtText, dayNumber, maxDt, minDt } from '../_market/dt.ts'

/** Calendar days of one answer: a year of sessions, and one for a leap. */
const MOST_DAYS = 366

const Query = z.strictObject({ from: singleParam(DtText), to: singleParam(DtText) })

/** Query: `from`, `to` (days, both inclusive, at most a year; left out: the newest year). Reads only. Throws RequestError 400 or 404. */
export const condition = (node: Node) =>
  checking({ query: Query }, async (c: Context): Promise<Response> => {
    const { dataset, spec } = datasetNamed(node, c.req.param('dataset') ?? '')
    const query = readQuery(c, Query)
    const at = node.now()
    const asof = asofAt(at)
    const expected = expectedRange(spec, asof)
    const to = query.to ?? (query.from === undefined ? asof : minDt(asof, addDays(query.from, MOST_DAYS - 1)))
    const from = query.from ?? addDays(to, 1 - MOST_DAYS)
    if (from > to) throw new RequestError(400, `from: ${from} lies after to, ${to}`)
    const asked = dayNumber(to) - dayNumber(from) + 1
    if (asked > MOST_DAYS) throw new RequestError(400, `from, to: expected at most ${MOST_DAYS} days, got ${asked}`)
    const days = await conditionsOf(node, {
      dataset,
      spec,
      asof,
      from: maxDt(from, expected.fromDt),
      to: minDt(to, expected.toDt),
      at,
    })
    return c.json({ ok: true, dataset, asof, from, to, total: totalOf(days), days: days.map(dayText) })
  })

function totalOf(days: readonly DayCondition[]): Record<Condition, number> & { days: number } {
  const total = { days: days.length, complete: 0, degraded: 0, pending: 0, missing: 0 }
  for (const day of days) total[day.condition]++
  return total
}

const dayText = ({ finalAt, lastChanged, dt, condition: found, ...counts }: DayCondition) => ({
  dt,
  condition: found,
  ...counts,
  finalAt: isoOf(finalAt),
  lastChanged: isoOf(lastChanged),
})
