/** The four forms in which FRED gives observations: by real-time period, all vintages, new and revised, and first releases. */
import type { Dt } from '../../functions/_market/dt.ts'
import type { Vintage } from './fred-vintages.ts'

export type ObservationRow = Record<string, string>

export interface Window {
  start: Dt
  end: Dt
}

/** At most this many vintages in one answer. */
export const MOST_VINTAGES = 2_000

const clipped = ({ date, value, start, end }: Vintage, window: Window): ObservationRow => ({
  realtime_start: start > window.start ? start : window.start,
  realtime_end: end < window.end ? end : window.end,
  date,
  value,
})

const columnOf = (id: string, vintage: Dt): string => `${id}_${vintage.replaceAll('-', '')}`

/**
 * Rows by observation day, ascending. Types 1 and 4 have `value` and real-time days clipped to the window; types 2 and 3 have one
 * column a vintage, named `<series>_<YYYYMMDD>`: 2 repeats what is known in every vintage of the window, 3 only what is new in it.
 * `days` are the vintages of the whole series, which type 2 needs.
 * That type 4 looks like type 1 is taken from client libraries, no recorded answer was found.
 */
export function rowsOfType(
  type: 1 | 2 | 3 | 4,
  id: string,
  vintages: readonly Vintage[],
  window: Window,
  days: readonly Dt[],
): ObservationRow[] {
  const touching = vintages.filter(({ start, end }) => start <= window.end && end >= window.start)
  const isNew = ({ start }: Vintage) => start >= window.start
  switch (type) {
    case 1:
      return touching.map((vintage) => clipped(vintage, window))
    case 2:
      return wide(touching, ({ start, end }) =>
        days
          .filter((day) => day >= window.start && day <= window.end && day >= start && day <= end)
          .map((day) => columnOf(id, day)),
      )
    case 3:
      return wide(touching.filter(isNew), (vintage) => [columnOf(id, vintage.start)])
    case 4: {
      const first = vintages.filter((vintage, i) => vintages[i - 1]?.date !== vintage.date)
      return first
        .filter((vintage) => isNew(vintage) && vintage.start <= window.end)
        .map((vintage) => clipped(vintage, window))
    }
    default:
      return type satisfies never
  }
}

function wide(vintages: readonly Vintage[], columnsOf: (vintage: Vintage) => string[]): ObservationRow[] {
  const rows = new Map<Dt, ObservationRow>()
  for (const vintage of vintages) {
    const row = rows.get(vintage.date) ?? { date: vintage.date }
    for (const column of columnsOf(vintage)) row[column] = vintage.value
    if (Object.keys(row).length > 1) rows.set(vintage.date, row)
  }
  return [...rows.values()]
}
