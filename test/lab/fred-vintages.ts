/** What FRED knew when: each observation as the values it had, with the days each of them was current. */
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { addDays, type Dt, isDt, maxDt } from '../../functions/_market/dt.ts'
import { midnightOf, newYorkDt } from './new-york.ts'
import type { Revision, YieldSource } from './source.ts'

/** A value and the vintages that show it: from the day `start` to the day `end`, which is LATEST while it is current. */
export interface Vintage {
  date: Dt
  value: string
  start: Dt
  end: Dt
}

export const LATEST = '9999-12-31'

/** When FRED shows the value of a day: 16:15 of the next publication day; with an open plan in the evening of the day itself. */
export function publishedAt(date: Dt, plan: 'basic' | 'open'): number {
  const fed = calendarOf('fed')
  if (plan === 'open' || date < fed.first || date >= fed.last) return midnightOf(date) + 18 * 3_600_000
  return instantOf(fed.next(date), '16:15')
}

// Days that were asked for: those of the calendar at the most.
const shown = { basic: new Map<Dt, { at: number; dt: Dt }>(), open: new Map<Dt, { at: number; dt: Dt }>() }

/** The instant of publication and its day, reckoned once. */
function shownOn(date: Dt, plan: 'basic' | 'open'): { at: number; dt: Dt } {
  const known = shown[plan].get(date)
  if (known !== undefined) return known
  const at = publishedAt(date, plan)
  const said = { at, dt: newYorkDt(at) }
  shown[plan].set(date, said)
  return said
}

/** When the revision of a day is shown. */
const revisedAt = (revision: Revision): number => instantOf(revision.from, '16:15')

/**
 * Everything said about the days [from, to] until `now`, by day and then in the order it was said. A revision that is no newer
 * than the first publication replaces it.
 */
export function vintagesOf(
  source: YieldSource | ArchivedYields,
  id: string,
  range: { from: Dt; to: Dt; now: number; plan: 'basic' | 'open' },
): Vintage[] {
  const { from, to, now, plan } = range
  const revisions = new Map<Dt, Revision[]>()
  for (const revision of source.revisions?.(id) ?? []) {
    if (revisedAt(revision) <= now) revisions.set(revision.date, [...(revisions.get(revision.date) ?? []), revision])
  }
  const vintages: Vintage[] = []
  for (const { date, value } of source.observations(id, from, to)) {
    const { at, dt } = shownOn(date, plan)
    if (at > now) continue
    const said: Vintage[] = [{ date, value, start: dt, end: LATEST }]
    for (const revision of (revisions.get(date) ?? []).toSorted((a, b) => (a.from < b.from ? -1 : 1))) {
      const last = said.at(-1) as Vintage
      if (revision.from <= last.start) last.value = revision.value
      else {
        last.end = addDays(revision.from, -1)
        said.push({ date, value: revision.value, start: revision.from, end: LATEST })
      }
    }
    vintages.push(...said)
  }
  return 'archiveFrom' in source ? archivedSince(vintages, source.archiveFrom) : vintages
}

/** What is left of a history when nobody kept vintages before a day: the values of that day were known from then on. */
const archivedSince = (vintages: readonly Vintage[], from: Dt): Vintage[] =>
  vintages.filter(({ end }) => end >= from).map((vintage) => ({ ...vintage, start: maxDt(vintage.start, from) }))

/** The days on which anything was new, ascending. */
export const vintageDates = (vintages: readonly Vintage[]): Dt[] =>
  [...new Set(vintages.map((vintage) => vintage.start))].sort()

/** A source whose published values change later: `date` shows `value` from the vintage `from` on. */
export function withRevisions(source: YieldSource, revisions: Record<string, readonly Revision[]>): YieldSource {
  for (const [id, list] of Object.entries(revisions)) {
    for (const { date, from } of list) {
      if (!isDt(date) || !isDt(from))
        throw new Error(`expected days as YYYY-MM-DD in a revision of ${id}, got ${date} and ${from}`)
    }
  }
  return { ...source, revisions: (id) => [...(revisions[id] ?? [])] }
}

/** A source of which vintages are kept only from a day on, as the Treasury series are since 2005. */
interface ArchivedYields extends YieldSource {
  archiveFrom: Dt
}

export const withArchiveFrom = (source: YieldSource, archiveFrom: Dt): ArchivedYields => ({ ...source, archiveFrom })
