/** I8: every judged partition has its part of the ledger, and no part is of a partition that nobody judged. Names only. */
import { dirname, relative } from 'node:path'
import { namesIn } from '../../_lake/disk.ts'
import { ledgerFile, ledgerFragment } from '../../_lake/paths.ts'
import { type Check, datasetOfPlace, datasetsIn } from '../check.ts'
import { sizeOf } from '../files-there.ts'
import { recordedPartitions } from '../recorded-partitions.ts'

type Kind = 'ledger-part-gone' | 'ledger-part-unexpected' | 'ledger-gone'

export const check: Check<Kind> = {
  id: 'ledger-files',
  about: 'parts of the ledger against the judged partitions of the database, by their names',
  mode: 'fast',
  needsDb: true,
  kinds: {
    'ledger-part-gone': {
      invariant: 'I8',
      severity: 'warning',
      means: 'the verdicts of a judged partition are not there',
      todo: 'The next night judges the partition again.',
    },
    'ledger-part-unexpected': {
      invariant: 'I3',
      severity: 'warning',
      means: 'verdicts of a partition that nobody expects any more',
      todo: 'Delete the file: its cells would enter the ledger.',
    },
    'ledger-gone': {
      invariant: 'I8',
      severity: 'warning',
      means: 'the ledger is not there',
      todo: 'The next export makes it anew.',
    },
  },
  places: async (context) => datasetsIn(context).map(({ dataset }) => dataset),
  async look(context, place, report) {
    const { dataset } = datasetOfPlace(context, place)
    const { root } = context.lake
    const recorded = await recordedPartitions(context.db, dataset)
    const folder = dirname(ledgerFragment(root, dataset, '2000'))
    const there = new Set(await namesIn(folder))
    const judged = recorded.filter(({ ledgerSha256 }) => ledgerSha256 !== null)
    for (const { partition } of judged) {
      if (!there.has(`${partition}.parquet`))
        report('ledger-part-gone', relative(root, ledgerFragment(root, dataset, partition)), 'a file', 'none')
    }
    const known = new Set(recorded.map(({ partition }) => `${partition}.parquet`))
    for (const name of there) {
      if (/^\d{4}(?:-\d{2}-\d{2})?\.parquet$/.test(name) && !known.has(name))
        report('ledger-part-unexpected', relative(root, `${folder}/${name}`), 'an expected partition', 'another')
    }
    if (judged.length > 0 && (await sizeOf(ledgerFile(root))) === null)
      report('ledger-gone', relative(root, ledgerFile(root)), 'a file', 'none')
    return judged.length + there.size
  },
}
