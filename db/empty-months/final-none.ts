/** Which answers are kept by month, and what such an answer is in the words of attempts and absences. */
import { type SQL, sql } from 'drizzle-orm'
import { NEVER } from '../clock-moments.ts'
import { dayOf } from '../day-of.ts'
import type { Settlement } from '../gap-tasks/settlement.ts'
import type { Param } from '../prepared.ts'

/** The reason of the absence. */
export const SAYS_NONE = 'SOURCE_SAYS_NONE'

/** The source says that there is nothing, and nobody will ask again. */
export const isFinalNone = (one: Settlement): boolean =>
  one.outcome === 'empty' &&
  one.absence === SAYS_NONE &&
  one.recheckAt === null &&
  one.askAgainAt === NEVER &&
  one.state === 'done' &&
  one.reread === 0 &&
  one.digest === null &&
  one.status === null &&
  one.note === null

/** The same of a row s of settlement_staging. */
export const finalNones = sql`(s.outcome = 'empty' AND s.absence IS ${sql.raw(`'${SAYS_NONE}'`)} AND s.recheck_at IS NULL
  AND s.ask_again_at = ${sql.raw(String(NEVER))} AND s.state = 'done' AND s.reread = 0 AND s.digests IS NULL AND s.status IS NULL AND s.note IS NULL)`

/** The columns of attempts, and what a row e of empty_months says for each: the answer's own instant lies between first_at and this one. */
export const EVIDENCE_COLUMNS = sql.raw(
  'count, outcome, status, rows, digest, note, at, ask_again_at, refused_for, reread_at',
)
export const emptyEvidence = sql.raw(`1, 'empty', NULL, 0, NULL, NULL, e.last_at, ${NEVER}, NULL, NULL`)

/** That a row e of empty_months holds a day. */
export const holdsDay = (dataset: Param<string> | SQL, symbol: SQL, dt: SQL): SQL =>
  sql`(e.dataset = ${dataset} AND e.symbol = ${symbol} AND e.month = substr(${dt}, 1, 7) AND e.days >> (${dayOf(dt)} - 1) & 1)`
