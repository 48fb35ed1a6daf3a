/** The tasks a lease holds: those of its list that still carry its id. */
import { type SQL, sql } from 'drizzle-orm'

/** `FROM …` with the leases as l and their tasks as t; `which` is a rule about l. There are as few leases as calls under way. */
export const heldBy = (which: SQL): SQL => sql`
  FROM leases l CROSS JOIN json_each(l.tasks) w CROSS JOIN gap_tasks t ON t.id = w.value AND t.lease = l.id
  WHERE ${which}`
