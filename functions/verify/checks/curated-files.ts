/** I1: every curated file that is recorded is there. Names only. */
import { access } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { namesIn } from '../../_lake/disk.ts'
import { curatedFile, curatedFolder } from '../../_lake/paths.ts'
import { type Check, datasetOfPlace, datasetsIn } from '../check.ts'
import { recordedPartitions } from '../recorded-partitions.ts'

type Kind = 'curated-file-gone' | 'curated-file-unexpected'

export const check: Check<Kind> = {
  id: 'curated-files',
  about: 'curated files against the partitions of the database, by their names',
  mode: 'fast',
  needsDb: true,
  kinds: {
    'curated-file-gone': {
      invariant: 'I1',
      severity: 'warning',
      means: 'a curated file is not there',
      todo: 'The next night rebuilds it from the raw files.',
    },
    'curated-file-unexpected': {
      invariant: 'I3',
      severity: 'info',
      means: 'a curated file of a partition that nobody expects any more; no bundle takes it',
      todo: 'Delete it, or widen the universe or the depth in config/ again.',
    },
  },
  places: async (context) => datasetsIn(context).map(({ dataset }) => dataset),
  async look(context, place, report) {
    const { dataset, spec } = datasetOfPlace(context, place)
    const { root } = context.lake
    const recorded = await recordedPartitions(context.db, dataset)
    const folders = new Set(await namesIn(curatedFolder(root, dataset)))
    for (const { partition, sha256, isTouched } of recorded) {
      const name = `${spec.partition}=${partition}`
      if (
        sha256 === null ||
        isTouched ||
        (folders.has(name) && (await exists(join(curatedFolder(root, dataset), name))))
      )
        continue
      report(
        'curated-file-gone',
        relative(root, curatedFile(root, dataset, spec.partition, partition)),
        'a file',
        'none',
      )
    }
    const known = new Set(recorded.map(({ partition }) => `${spec.partition}=${partition}`))
    for (const name of folders) {
      const folder = join(curatedFolder(root, dataset), name)
      if (!known.has(name) && (await exists(folder)))
        report('curated-file-unexpected', relative(root, folder), 'an expected partition', 'another')
    }
    return recorded.length + folders.size
  },
}

const exists = (folder: string): Promise<boolean> =>
  access(join(folder, 'data.parquet')).then(
    () => true,
    () => false,
  )
