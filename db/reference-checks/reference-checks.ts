/** How the newest night's questions about symbols went. */
import type { Db } from '../client.ts'
import { countCall, type ReferenceCall } from './count-call.ts'
import { referenceChecks } from './table.ts'

export type ReferenceCheck = typeof referenceChecks.$inferSelect

export const listReferenceChecks = (db: Db): Promise<ReferenceCheck[]> =>
  db.orm.select().from(referenceChecks).orderBy(referenceChecks.vendor, referenceChecks.question)

/** A call that came to nothing; one with an error is not repeated in its night. */
export async function recordReferenceFailure(db: Db, call: ReferenceCall, now: number): Promise<void> {
  await db.write([countCall(call, now)])
}
