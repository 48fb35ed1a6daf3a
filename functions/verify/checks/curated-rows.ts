/** I2, I1: every curated file parses to its footer and holds as many rows as are recorded. */
import { relative } from 'node:path'
import { readableFooters } from '../../_lake/bisect-unreadable.ts'
import { curatedFile } from '../../_lake/paths.ts'
import { type Check, datasetOfPlace, datasetsIn } from '../check.ts'
import { thoseThere } from '../files-there.ts'
import { recordedPartitions } from '../recorded-partitions.ts'

type Kind = 'curated-file-unreadable' | 'curated-rows-differ'

const TODO = 'The next night rebuilds it from the raw files.'
const AT_ONCE = 200

export const check: Check<Kind> = {
  id: 'curated-rows',
  about: 'footers of curated files against the recorded numbers of rows',
  mode: 'exact',
  needsDb: true,
  kinds: {
    'curated-file-unreadable': {
      invariant: 'I2',
      severity: 'warning',
      means: 'a curated file cannot be read',
      todo: TODO,
    },
    'curated-rows-differ': {
      invariant: 'I1',
      severity: 'warning',
      means: 'a curated file holds another number of rows than curation wrote',
      todo: TODO,
    },
  },
  places: async (context) => datasetsIn(context).map(({ dataset }) => dataset),
  async look(context, place, report) {
    const { dataset, spec } = datasetOfPlace(context, place)
    const { root, duck } = context.lake
    const recorded = (await recordedPartitions(context.db, dataset)).filter(
      (one) => one.sha256 !== null && !one.isTouched,
    )
    const rows = new Map(
      recorded.map((one) => [curatedFile(root, dataset, spec.partition, one.partition), one.rows] as const),
    )
    const files = await thoseThere([...rows.keys()])
    for (let at = 0; at < files.length; at += AT_ONCE) {
      const footers = await readableFooters(duck, files.slice(at, at + AT_ONCE), (file, reason) =>
        report('curated-file-unreadable', relative(root, file), 'a Parquet file', reason),
      )
      for (const [file, footer] of footers) {
        const expected = rows.get(file)
        if (footer.rows !== expected)
          report('curated-rows-differ', relative(root, file), `${expected} rows`, `${footer.rows}`)
      }
    }
    return files.length
  },
}
