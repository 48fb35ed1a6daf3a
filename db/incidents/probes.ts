/** The few cells of an incident that are asked about: choosing them, and what came of it. */
import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { evidenceOfCells } from '../packed-months/both-forms.ts'
import type { Incident } from './list-incidents.ts'
import { incidents } from './table.ts'

/** The symbols whose cells an incident suppresses, sorted. */
export async function suppressedSymbols(db: Db, { dataset, dt, kind }: Incident): Promise<string[]> {
  const reason = kind === 'vendor_outage' ? 'VENDOR_OUTAGE' : 'CALENDAR_SUSPECT'
  const rows = await db.all<{ symbol: string }>(sql`
    SELECT symbol FROM absences WHERE dataset = ${dataset} AND dt = ${dt} AND reason = ${reason} ORDER BY symbol`)
  return rows.map(({ symbol }) => symbol)
}

/** What the incident's probes came to since the look they were for: how many were filled, how many answered at all. */
export async function probesOf(db: Db, incident: Incident): Promise<{ filled: number; answered: number }> {
  const { dataset, vendor, dt, probes, openedAt, nextLookAt } = incident
  const cells = sql`(SELECT value AS symbol, ${dt} AS dt FROM json_each(${JSON.stringify(probes)}))`
  const [row] = await db.all<{ filled: number | null; answered: number | null }>(sql`
    SELECT sum(filled) AS filled, sum(answered) AS answered FROM (
      SELECT max(a.digest IS NOT NULL AND a.at >= ${openedAt}) AS filled, max(a.at >= ${nextLookAt}) AS answered
      FROM ${evidenceOfCells(dataset, cells, ['digest', 'at'])} a WHERE ${vendor} IN ('*', a.vendor) GROUP BY a.symbol)`)
  return { filled: row?.filled ?? 0, answered: row?.answered ?? 0 }
}

/** Sets the next round of probes; changes nothing when another audit has set it already. */
export async function scheduleProbe(
  db: Db,
  incident: Incident,
  next: Pick<Incident, 'looks' | 'nextLookAt' | 'probes'>,
): Promise<boolean> {
  const changed = await db.orm
    .update(incidents)
    .set(next)
    .where(
      and(
        eq(incidents.id, incident.id),
        isNull(incidents.clearedAt),
        eq(incidents.looks, incident.looks),
        eq(incidents.nextLookAt, incident.nextLookAt),
        eq(incidents.probes, incident.probes),
      ),
    )
    .returning({ id: incidents.id })
  return changed.length > 0
}
