/** Removes what is known of cells that nobody expects, beside their versions: answers without rows, and reasons of absence. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { isStoredVersion } from '../manifests/stored-versions.ts'

export interface DroppedDay {
  dataset: string
  dt: string
  month: string
  bit: number
  symbols: readonly string[]
}

/** One transition, safe to repeat. Versions, also lost and forgotten ones, are left alone. */
export async function dropAnswers(db: Db, { dataset, dt, month, bit, symbols }: DroppedDay): Promise<void> {
  if (symbols.length === 0) return
  const these = sql`(SELECT value FROM json_each(${JSON.stringify(symbols)}))`
  await db.write([
    sql`DELETE FROM attempts WHERE dataset = ${dataset} AND dt = ${dt} AND symbol IN ${these}
          AND outcome NOT IN ('lost', 'forgotten') AND NOT ${isStoredVersion('attempts')}`,
    sql`UPDATE empty_months SET days = days & ~${bit} WHERE dataset = ${dataset} AND month = ${month} AND symbol IN ${these}`,
    sql`DELETE FROM empty_months WHERE dataset = ${dataset} AND month = ${month} AND symbol IN ${these} AND days = 0`,
    sql`DELETE FROM absences WHERE dataset = ${dataset} AND dt = ${dt} AND symbol IN ${these}`,
    sql`UPDATE coverage SET absent = absent & ~${bit} WHERE dataset = ${dataset} AND month = ${month} AND symbol IN ${these}`,
  ])
}
