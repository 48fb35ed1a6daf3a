/** The forecast in the few figures a person asks for first: how many calls, how long, how many nights, how much disk. */
import type { DispatchContext } from '../_catalog/context.ts'
import { type Forecast, forecastOf } from './forecast.ts'

export interface Outlook {
  /** Cells that some vendor can serve, and cells that none can: no key, before every history, too recent, given up. */
  cells: number
  unserved: number
  calls: number
  /** Until the last cell that somebody can serve, hours: the two ends of the interval; null where it is not foreseen. */
  hours: { least: number; most: number } | null
  /** Evenings of collecting, the present one included, at the far end of the interval. */
  nights: number | null
  gigabytes: number
  vendors: Record<string, number>
}

const HOUR_MS = 3_600_000

/** Hours and gigabytes are rounded to two digits; `vendors` are calls by vendor. */
export function outlookOf({ datasets, calls, bytes, earliest, latest, vendors }: Forecast, now: number): Outlook {
  const isForeseen = earliest !== null && latest !== null
  const hours = isForeseen ? { least: (earliest - now) / HOUR_MS, most: (latest - now) / HOUR_MS } : null
  return {
    cells: sumOf(datasets.map(({ open }) => open)),
    unserved: sumOf(datasets.flatMap(({ nobody }) => Object.values(nobody))),
    calls,
    hours: hours && { least: rounded(hours.least), most: rounded(hours.most) },
    nights: hours && Math.ceil(hours.most / 24),
    gigabytes: rounded(bytes / 1e9),
    vendors: Object.fromEntries(vendors.map((one) => [one.vendor, one.calls])),
  }
}

/** The outlook as of now. */
export async function currentOutlook(context: DispatchContext): Promise<Outlook> {
  const now = context.now()
  return outlookOf(await forecastOf(context), now)
}

/** Counting the whole backlog takes a second at millions of cells: a status that is read often shows what was counted lately. */
const KEPT_MS = 60_000
const lately = new WeakMap<DispatchContext, { at: number; outlook: Promise<Outlook> }>()

/** The outlook, at most a minute old. */
export function recentOutlook(context: DispatchContext): Promise<Outlook> {
  const now = context.now()
  const known = lately.get(context)
  if (known !== undefined && now >= known.at && now - known.at < KEPT_MS) return known.outlook
  const outlook = currentOutlook(context)
  lately.set(context, { at: now, outlook })
  // What failed is counted anew the next time.
  outlook.catch(() => lately.delete(context))
  return outlook
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

const rounded = (value: number): number => Math.round(value * 100) / 100
