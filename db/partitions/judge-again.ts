/** Partitions to be judged again though nothing in them changed: what they are judged beside did, or the rules. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** What a judgement saw beside its partition, as digests; null where there was nothing to see. */
export interface Seen {
  before: string | null
  after: string | null
  splits: string | null
}

/** Judgements that saw something else than what is there now. */
export interface Outdated {
  dataset: string
  /** All partitions of the dataset where it is left out. */
  partition?: string | undefined
  saw: keyof Seen
  now: string | null
}

const COLUMNS: Record<keyof Seen, SQL> = {
  before: sql`seen_before`,
  after: sql`seen_after`,
  splits: sql`seen_splits`,
}

/** Partitions without a curated file are judged by nothing beside them. One statement for each; part of the write that ends the judgement which noticed it. `guard` says that its lease holds. */
export const judgeAgain = (outdated: readonly Outdated[], guard: SQL): SQL[] =>
  outdated.map(
    ({ dataset, partition, saw, now }) => sql`UPDATE partitions SET context_version = context_version + 1
      WHERE dataset = ${dataset} ${partition === undefined ? sql`` : sql`AND partition = ${partition}`} AND curated_sha256 IS NOT NULL
        AND ${COLUMNS[saw]} IS NOT ${now} AND ${guard}`,
  )

/** Partitions judged by other rules are judged again. Safe to repeat: those that wait for it already stay as they are. Returns how many. */
export async function judgeByRuleset(db: Db, ruleset: string): Promise<number> {
  const [rows] = await db.write([
    sql`UPDATE partitions SET context_version = checked_context + 1
        WHERE retired_at IS NULL AND checked_version > 0 AND ruleset IS NOT ${ruleset} AND context_version = checked_context RETURNING partition`,
  ])
  return rows?.length ?? 0
}
