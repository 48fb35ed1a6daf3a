/** What the node did over time, read from what it counted then: bundles by night, quality by trading day, calls by day. */
import { listDays } from '../../db/day-verdicts/day-verdicts.ts'
import { listExports } from '../../db/exports/exports.ts'
import { callsByDay } from '../../db/vendor-call-stats/call-stats.ts'
import { datasetsOf } from '../_catalog/catalog.ts'
import { asofAt } from '../_expected/expected.ts'
import type { Node } from '../_http/node.ts'
import type { DatasetName } from '../_market/cell.ts'
import { addDays, type Dt } from '../_market/dt.ts'

/** Calendar days of trading days that are shown: a quarter of a year. */
const DAYS = 92

export interface History {
  /** Ascending by night. */
  bundles: { asof: Dt; files: number; bytes: number }[]
  /** Each dataset with judged days: ascending, cells with rows and, of these, those that are held and those that are AMBER. */
  quality: { dataset: DatasetName; days: { dt: Dt; present: number; held: number; amber: number }[] }[]
  /** Each vendor that was asked in the last days: ascending by UTC day. */
  calls: { vendor: string; days: { day: string; calls: number; rows: number }[] }[]
}

export async function historyOf(node: Node): Promise<History> {
  const asof = asofAt(node.now())
  const bundles = (await listExports(node.db)).map((row) => ({ asof: row.asof, files: row.files, bytes: row.bytes }))
  const quality: History['quality'] = []
  for (const { dataset } of datasetsOf(node.config)) {
    const days = await listDays(node.db, dataset, addDays(asof, -DAYS), asof)
    const counts = days.map(({ dt, present, held, amber }) => ({ dt, present, held, amber }))
    if (counts.length > 0) quality.push({ dataset, days: counts })
  }
  const calls: History['calls'] = []
  for (const { vendor, ...day } of await callsByDay(node.db)) {
    const last = calls.at(-1)
    if (last?.vendor === vendor) last.days.push(day)
    else calls.push({ vendor, days: [day] })
  }
  return { bundles: bundles.reverse(), quality, calls }
}
