/** The statements that replace what second vendors' versions decided in one partition; part of the write that ends a judgement. */
import { type SQL, sql } from 'drizzle-orm'
import { DAMAGED } from '../lost-files/record-repaired.ts'

export interface SecondView {
  symbol: string
  dt: string
  vendor: string
  secondVendor: string
  action: string
  numbers: string
  /** 1 when the second version was refused and both agree now: then it counts again. */
  lifts: 0 | 1
}

/** What was decided before and is decided again keeps its instant. `mine` holds while the lease does. */
export function recordSecondViews(
  { dataset, partition }: { dataset: string; partition: string },
  views: readonly SecondView[],
  now: number,
  mine: SQL,
): SQL[] {
  const found = JSON.stringify(views)
  const forget = sql`DELETE FROM second_views WHERE dataset = ${dataset} AND partition = ${partition} AND ${mine}
    AND (symbol, dt) NOT IN (SELECT value->>'symbol', value->>'dt' FROM json_each(${found}))`
  if (views.length === 0) return [forget]
  return [
    forget,
    sql`INSERT INTO second_views (dataset, symbol, dt, partition, vendor, second_vendor, action, numbers, decided_at)
        SELECT ${dataset}, value->>'symbol', value->>'dt', ${partition}, value->>'vendor', value->>'secondVendor', value->>'action',
               value->>'numbers', ${now}
        FROM json_each(${found}) WHERE ${mine}
        ON CONFLICT DO UPDATE SET partition = excluded.partition, vendor = excluded.vendor, second_vendor = excluded.second_vendor,
          action = excluded.action, numbers = excluded.numbers,
          decided_at = CASE WHEN (vendor, second_vendor, action) = (excluded.vendor, excluded.second_vendor, excluded.action)
            THEN decided_at ELSE excluded.decided_at END`,
  ]
}

/** Refusals that end because both versions agree; not those of rows that the disk changed. */
export const liftRefusals = (dataset: string, views: readonly SecondView[], mine: SQL): SQL =>
  sql`UPDATE attempts SET refused_for = NULL
      FROM (SELECT value->>'symbol' AS symbol, value->>'dt' AS dt, value->>'secondVendor' AS vendor
            FROM json_each(${JSON.stringify(views.filter(({ lifts }) => lifts === 1))}) LIMIT -1) f
      WHERE attempts.dataset = ${dataset} AND attempts.symbol = f.symbol AND attempts.dt = f.dt AND attempts.vendor = f.vendor
        AND instr(',' || attempts.refused_for || ',', ${`,${DAMAGED},`}) = 0 AND ${mine}`
