/** I3, I8: the ledger is the sum of its parts, has each cell once, and says of each curated file what is in it. */
import { relative } from 'node:path'
import type { DatasetConfig } from '../../../config/schema.ts'
import { isOfAFile } from '../../_lake/footers.ts'
import { readParquet } from '../../_lake/parquet-sql.ts'
import { curatedFile, ledgerFile, ledgerFragment } from '../../_lake/paths.ts'
import { sqlText } from '../../_lake/sql-text.ts'
import { ledgerRowsSql } from '../../_ledger/ledger.ts'
import type { DatasetName } from '../../_market/cell.ts'
import { type Check, type ContextWithDb, datasetOfPlace, datasetsIn, type Report } from '../check.ts'
import { sizeOf } from '../files-there.ts'
import { hashOf } from '../known-hashes.ts'
import { recordedPartitions } from '../recorded-partitions.ts'

type Kind =
  | 'ledger-part-unreadable'
  | 'ledger-part-bytes-differ'
  | 'ledger-cell-twice'
  | 'ledger-part-differs'
  | 'ledger-of-another-file'
  | 'ledger-rows-differ'
  | 'curated-cell-unexpected'

const JUDGED_AGAIN = 'The next night judges the partition again.'

export const check: Check<Kind> = {
  id: 'ledger-cells',
  about: 'the ledger against its parts, and each part against its curated file',
  mode: 'exact',
  needsDb: true,
  kinds: {
    'ledger-part-unreadable': {
      invariant: 'I2',
      severity: 'warning',
      means: 'verdicts cannot be read',
      todo: JUDGED_AGAIN,
    },
    'ledger-part-bytes-differ': {
      invariant: 'I8',
      severity: 'warning',
      means: 'verdicts are not those that QC wrote',
      todo: JUDGED_AGAIN,
    },
    'ledger-cell-twice': {
      invariant: 'I3',
      severity: 'error',
      means: 'the ledger has a cell more than once',
      todo: 'Delete the part of the ledger that does not belong there; the next night judges what is missing.',
    },
    'ledger-part-differs': {
      invariant: 'I8',
      severity: 'warning',
      means: 'the ledger says something else than its part',
      todo: 'The next export makes the ledger anew from its parts.',
    },
    'ledger-of-another-file': {
      invariant: 'I8',
      severity: 'warning',
      means: 'verdicts are about another curated file than the recorded one',
      todo: JUDGED_AGAIN,
    },
    'ledger-rows-differ': {
      invariant: 'I8',
      severity: 'warning',
      means: 'the curated file has another number of rows of a cell than the ledger says',
      todo: 'The next night rebuilds the curated file and judges it again.',
    },
    'curated-cell-unexpected': {
      invariant: 'I3',
      severity: 'info',
      means: 'a curated file holds rows of a cell that nobody expects, or not yet; no bundle takes them',
      todo: 'Nothing, where the universe, the depth or the clock was changed.',
    },
  },
  async places(context) {
    const places: string[] = []
    for (const { dataset } of datasetsIn(context)) {
      for (const { partition, ledgerSha256 } of await recordedPartitions(context.db, dataset)) {
        if (ledgerSha256 !== null) places.push(`${dataset}/${partition}`)
      }
    }
    return places
  },
  async look(context, place, report) {
    const { dataset, spec, rest: partition } = datasetOfPlace(context, place)
    const { root } = context.lake
    const recorded = (await recordedPartitions(context.db, dataset)).find((one) => one.partition === partition)
    const part = ledgerFragment(root, dataset, partition)
    if (!recorded?.ledgerSha256 || recorded.isTouched || (await sizeOf(part)) === null) return 0
    const sha256 = await hashOf(context, part)
    if (sha256 !== recorded.ledgerSha256)
      report('ledger-part-bytes-differ', relative(root, part), recorded.ledgerSha256, sha256)
    try {
      return await comparePart(context, { dataset, spec, partition, part, sha256: recorded.sha256 }, report)
    } catch (error) {
      if (!isOfAFile(error)) throw error
      // The curated file has a check of its own.
      if (!(await isReadable(context, part)))
        report('ledger-part-unreadable', relative(root, part), 'a Parquet file', 'one that cannot be read')
      return 1
    }
  },
}

interface Part {
  dataset: DatasetName
  spec: DatasetConfig
  partition: string
  part: string
  sha256: string | null
}

async function comparePart(context: ContextWithDb, of: Part, report: Report<Kind>): Promise<number> {
  const { root, duck } = context.lake
  const { dataset, spec, partition, part } = of
  const where = relative(root, part)
  const cells = readParquet([part])
  const [sum] = await duck.all<{ cells: number; distinct: number; hashes: number; sha256: string | null }>(
    `SELECT count(*) AS cells, count(DISTINCT (symbol, dt)) AS distinct, count(DISTINCT sha256) AS hashes, min(sha256) AS sha256 FROM ${cells}`,
  )
  if (sum && sum.cells !== sum.distinct)
    report('ledger-cell-twice', where, `${sum.distinct} cells`, `${sum.cells} rows`)
  if (sum && (sum.hashes > 1 || (sum.sha256 !== null && sum.sha256 !== of.sha256)))
    report('ledger-of-another-file', where, String(of.sha256), String(sum.sha256))
  await compareLedger(context, of, report)
  const curated = curatedFile(root, dataset, spec.partition, partition)
  const there = of.sha256 === null || (await sizeOf(curated)) === null ? null : curated
  if (there !== null) {
    const differing = await duck.all<{ cell: string; told: number; has: number }>(rowsSql(spec, cells, there))
    for (const { cell, told, has } of differing)
      report(
        told === 0 ? 'curated-cell-unexpected' : 'ledger-rows-differ',
        `${dataset} ${cell}`,
        `${told} rows`,
        `${has}`,
      )
  }
  return sum?.cells ?? 0
}

/** What the consolidated ledger has of the partition, against the part; a ledger that is gone has a check of its own. */
async function compareLedger(
  context: ContextWithDb,
  { dataset, partition, part }: Part,
  report: Report<Kind>,
): Promise<void> {
  const { root, duck } = context.lake
  const ledger = ledgerFile(root)
  if ((await sizeOf(ledger)) === null) return
  const own = `SELECT * FROM ${ledgerRowsSql([ledger])} WHERE dataset = ${sqlText(dataset)} AND starts_with(dt::VARCHAR, ${sqlText(partition)})`
  const [found] = await duck.all<{ missing: number; surplus: number }>(`
    SELECT (SELECT count(*) FROM (SELECT * FROM ${ledgerRowsSql([part])} EXCEPT ALL ${own})) AS missing,
           (SELECT count(*) FROM (${own} EXCEPT ALL SELECT * FROM ${ledgerRowsSql([part])})) AS surplus`)
  if (found && found.missing + found.surplus > 0)
    report(
      'ledger-part-differs',
      relative(root, part),
      'the same rows in the ledger',
      `${found.missing} missing, ${found.surplus} others`,
    )
}

/** Cells whose number of curated rows is another one. A wide row of values is one row for all groups of its day: only its day is compared. */
function rowsSql(spec: DatasetConfig, cells: string, curated: string): string {
  const told =
    spec.expected_rows === 'series'
      ? `SELECT dt::VARCHAR AS cell, 1 AS n FROM ${cells} WHERE "rows" > 0 GROUP BY dt`
      : `SELECT symbol || ' ' || dt AS cell, "rows" AS n FROM ${cells} WHERE "rows" > 0`
  const has =
    spec.expected_rows === 'series'
      ? `SELECT date::VARCHAR AS cell, count(*) AS n FROM ${readParquet([curated])} GROUP BY date`
      : `SELECT symbol || ' ' || dt AS cell, count(*) AS n FROM ${readParquet([curated])} GROUP BY symbol, dt`
  return `SELECT cell, coalesce(t.n, 0)::INTEGER AS told, coalesce(h.n, 0)::INTEGER AS has
          FROM (${told}) t FULL JOIN (${has}) h USING (cell) WHERE t.n IS DISTINCT FROM h.n ORDER BY cell`
}

async function isReadable({ lake }: ContextWithDb, file: string): Promise<boolean> {
  return lake.duck.run(`SELECT max(hash(COLUMNS(*))) FROM ${readParquet([file])}`).then(
    () => true,
    () => false,
  )
}
