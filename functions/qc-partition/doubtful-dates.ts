/** Which bars lie near a closed day for which their vendor served a bar. */
import { type ClosedDayBar, listClosedDayBars } from '../../db/closed-day-bars/closed-day-bars.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { specOf } from '../_catalog/catalog.ts'
import { isNearClosedDay, NEAR_DAYS } from '../_expected/closed-days.ts'
import type { Node } from '../_http/node.ts'
import type { DatasetName } from '../_market/cell.ts'
import { addDays, type Dt } from '../_market/dt.ts'

/** Says of a bar, by symbol, day and vendor, whether its date is in doubt. Of what was adopted unread no vendor is known: then any vendor's bars count. */
export async function doubtfulDates(
  node: Node,
  dataset: DatasetName,
  fromDt: Dt,
  toDt: Dt,
): Promise<(symbol: string, dt: Dt, vendor: string | undefined) => boolean> {
  const calendar = calendarOf(specOf(node.config, dataset).calendar)
  const closedDays = await listClosedDayBars(node.db, dataset, addDays(fromDt, -NEAR_DAYS), addDays(toDt, NEAR_DAYS))
  const bySymbol = new Map<string, ClosedDayBar[]>()
  for (const served of closedDays) bySymbol.set(served.symbol, [...(bySymbol.get(served.symbol) ?? []), served])
  return (symbol, dt, vendor) =>
    bySymbol
      .get(symbol)
      ?.some((served) => (vendor ?? served.vendor) === served.vendor && isNearClosedDay(calendar, served.dt, dt)) ??
    false
}
