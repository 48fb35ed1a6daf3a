/** Open incidents, all of them or those of one dataset or cell. */
import { and, eq, isNull, type SQL } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { incidents } from './table.ts'

export type Incident = typeof incidents.$inferSelect

export const listOpenIncidents = async (
  db: Db,
  { dataset, dt }: { dataset?: string; dt?: string } = {},
): Promise<Incident[]> => {
  const wanted: SQL[] = [isNull(incidents.clearedAt)]
  if (dataset !== undefined) wanted.push(eq(incidents.dataset, dataset))
  if (dt !== undefined) wanted.push(eq(incidents.dt, dt))
  return await db.orm
    .select()
    .from(incidents)
    .where(and(...wanted))
    .orderBy(incidents.dataset, incidents.dt, incidents.id)
}
