/** Which versions the database knows as delivered or adopted: nothing else may be curated. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { isStoredVersion } from '../manifests/stored-versions.ts'
import { evidenceOfDays } from '../packed-months/both-forms.ts'

/** What was accepted of one vendor's day. */
export interface AcceptedDay {
  dt: string
  vendor: string
  symbols: string[]
}

/** Trading days of one statement: 3,000 symbols of two vendors are 120,000 names, a megabyte. */
const DAYS_AT_ONCE = 20

/** The accepted versions of the given days (ascending), some days at a time: a year of 3,000 symbols has 750,000 of them. */
export async function* acceptedVersions(
  db: Db,
  dataset: string,
  dts: readonly string[],
): AsyncGenerator<AcceptedDay[]> {
  for (let from = 0; from < dts.length; from += DAYS_AT_ONCE) {
    const days = dts.slice(from, from + DAYS_AT_ONCE)
    const rows = await db.all<{ dt: string; vendor: string; symbols: string }>(sql`
      SELECT dt, vendor, json_group_array(symbol) AS symbols FROM ${evidenceOfDays(dataset, days[0]!, days.at(-1)!, ['outcome', 'digest'])} e
      WHERE ${isStoredVersion('e')}
      GROUP BY dt, vendor ORDER BY dt, vendor`)
    yield rows.map(({ dt, vendor, symbols }) => ({ dt, vendor, symbols: JSON.parse(symbols) as string[] }))
  }
}
