/** Judges a partition that has no curated file: every expected cell is absent, and only its reason is left to tell. */
import { withTable } from '../_lake/duck-table.ts'
import type { Lake } from '../_lake/lake.ts'
import { writeFragment } from '../_ledger/fragment.ts'
import { factsOfAbsence } from './cell-facts.ts'
import { CHECKS } from './checks/index.ts'
import type { JudgedCell, Judgement, JudgeRequest } from './judgement.ts'
import { noneWithdrawn } from './measure.ts'
import { verdictOf } from './verdict.ts'

const COLUMNS = {
  symbol: 'VARCHAR',
  dt: 'DATE',
  expected_rows: 'INTEGER',
  reason: 'VARCHAR',
  status: 'VARCHAR',
  flags: 'VARCHAR',
}

/**
 * The same verdicts the measuring way would reach, without measuring: a backfill has thousands of days on which nobody has
 * anything, and each costs a fifth of the time. `expected_rows` is the configured number: without rows there is no baseline.
 */
export async function judgeAbsentPartition(lake: Lake, request: JudgeRequest): Promise<Judgement> {
  const judged = request.cells.map(({ symbol, dt, expectedRows, present, reason, withdrawn }): JudgedCell => {
    const facts = factsOfAbsence(present ? null : reason, expectedRows, withdrawn ?? noneWithdrawn(request.spec))
    const verdict = verdictOf(request.spec.expected_rows, facts, request.qc, CHECKS)
    return { symbol, dt, ...verdict, rows: 0, expectedRows, vendor: null, secondVendor: null }
  })
  judged.sort((a, b) => (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : a.dt < b.dt ? -1 : 1))
  const reasons = new Map(
    request.cells.map(({ symbol, dt, present, reason }) => [`${symbol} ${dt}`, present ? null : reason]),
  )
  const rows = judged.map(({ symbol, dt, expectedRows, status, flags }) => [
    symbol,
    dt,
    expectedRows,
    reasons.get(`${symbol} ${dt}`) ?? null,
    status,
    flags.join(','),
  ])
  const fragment = await withTable(lake.duck, 'qc_absent', COLUMNS, rows, (table) => {
    const nothing =
      'NULL AS vendor, NULL AS feed, NULL AS adjustment, NULL AS digest, 0 AS row_count, false AS provisional, NULL AS second_vendor, NULL AS action'
    const absent = `(SELECT *, ${nothing} FROM ${table})`
    const source = `${absent} c JOIN ${absent} v ON v.symbol = c.symbol AND v.dt = c.dt`
    return writeFragment(lake, request, source, null)
  })
  const count = (status: JudgedCell['status']): number => judged.filter((cell) => cell.status === status).length
  return {
    cells: judged.length,
    green: count('GREEN'),
    amber: count('AMBER'),
    red: count('RED'),
    flagged: judged.filter((cell) => cell.status !== 'GREEN'),
    seconds: [],
    fragment,
  }
}
