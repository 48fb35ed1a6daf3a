/** One more call of a night about symbols, and how it ended: the one statement that writes reference_checks. */
import { type SQL, sql } from 'drizzle-orm'

export interface ReferenceCall {
  vendor: string
  question: string
  /** The as-of day of the night. */
  asof: string
  error: string | null
}

/** A call of an earlier night than the one that is counted, which a hand began, is added to this one. */
export const countCall = ({ vendor, question, asof, error }: ReferenceCall, now: number): SQL => sql`
  INSERT INTO reference_checks (vendor, question, asof, calls, asked_at, error) VALUES (${vendor}, ${question}, ${asof}, 1, ${now}, ${error})
  ON CONFLICT DO UPDATE SET calls = CASE WHEN excluded.asof > asof THEN 1 ELSE calls + 1 END,
    asof = max(asof, excluded.asof), asked_at = excluded.asked_at, error = excluded.error`
