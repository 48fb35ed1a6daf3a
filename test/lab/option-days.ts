/** The daily bar of an option is made of its minutes: no daily rule of its own is known. */
import { midnightOf } from './new-york.ts'
import type { LabBar } from './source.ts'

/** The day's bar of one day's minutes in their order; none of none. Null fields count for nothing. */
export function dailyOf(minutes: readonly LabBar[]): LabBar[] {
  const [first] = minutes
  const last = minutes.at(-1)
  if (!first || !last) return []
  const sum = (of: (bar: LabBar) => number | null | undefined) => minutes.reduce((all, bar) => all + (of(bar) ?? 0), 0)
  const volume = sum((bar) => bar.v)
  const hasVwap = minutes.every((bar) => bar.vw != null) && volume > 0
  return [
    {
      ts: midnightOf(first.dt),
      dt: first.dt,
      o: first.o,
      h: Math.max(...minutes.map((bar) => bar.h ?? Number.NEGATIVE_INFINITY)),
      l: Math.min(...minutes.map((bar) => bar.l ?? Number.POSITIVE_INFINITY)),
      c: last.c,
      v: volume,
      ...(minutes.every((bar) => bar.n != null) ? { n: sum((bar) => bar.n) } : {}),
      ...(hasVwap ? { vw: Math.round((sum((bar) => (bar.vw ?? 0) * (bar.v ?? 0)) / volume) * 1e6) / 1e6 } : {}),
    },
  ]
}
