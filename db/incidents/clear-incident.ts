/** Ends an incident: its cells are gaps again, which the audit queues like any other, and the vendor may be asked for them at once. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { dayOf } from '../day-of.ts'
import type { Incident } from './list-incidents.ts'

/** False when somebody else has cleared it; nothing is changed then. */
export async function clearIncident(db: Db, incident: Incident, partition: string, now: number): Promise<boolean> {
  const { id, kind, dataset, vendor, dt, probes } = incident
  const isOpen = sql`EXISTS (SELECT 1 FROM incidents WHERE id = ${id} AND cleared_at IS NULL)`
  const reason = kind === 'vendor_outage' ? 'VENDOR_OUTAGE' : 'CALENDAR_SUSPECT'
  const suppressed = sql`SELECT symbol FROM absences WHERE dataset = ${dataset} AND dt = ${dt} AND reason = ${reason}`
  const results = await db.write([
    sql`UPDATE coverage SET absent = absent & ~(1 << (${dayOf(sql`${dt}`)} - 1))
        WHERE dataset = ${dataset} AND month = substr(${dt}, 1, 7) AND symbol IN (${suppressed}) AND ${isOpen}`,
    // What was answered during the incident is in doubt: it is no witness any more (attempts/table.ts).
    sql`UPDATE attempts SET ask_again_at = 0
        WHERE dataset = ${dataset} AND dt = ${dt} AND digest IS NULL AND outcome IN ('empty', 'unavailable')
          AND (${vendor} = '*' OR vendor = ${vendor}) AND symbol IN (${suppressed}) AND ${isOpen}`,
    sql`DELETE FROM absences WHERE dataset = ${dataset} AND dt = ${dt} AND reason = ${reason} AND ${isOpen}`,
    sql`UPDATE gap_tasks SET state = 'done', done_at = ${now}, last_outcome = 'incident_over', updated_at = ${now}
        WHERE state = 'queued' AND reason = 'probe' AND dataset = ${dataset} AND dt = ${dt}
          AND symbol IN (SELECT value FROM json_each(${JSON.stringify(probes)})) AND ${isOpen}`,
    sql`UPDATE partitions SET checked_version = version - 1
        WHERE dataset = ${dataset} AND partition = ${partition} AND checked_version = version AND ${isOpen}`,
    sql`UPDATE incidents SET cleared_at = ${now} WHERE id = ${id} AND cleared_at IS NULL RETURNING id`,
  ])
  return (results.at(-1)?.length ?? 0) > 0
}
