/** I8: every curated file is, byte for byte, the one that curation recorded. */
import { relative } from 'node:path'
import { curatedFile } from '../../_lake/paths.ts'
import { type Check, datasetOfPlace, datasetsIn } from '../check.ts'
import { sizeOf } from '../files-there.ts'
import { hashOf } from '../known-hashes.ts'
import { recordedPartitions } from '../recorded-partitions.ts'

type Kind = 'curated-bytes-differ'

export const check: Check<Kind> = {
  id: 'curated-hashes',
  about: 'sha256 of curated files against the recorded ones',
  mode: 'deep',
  needsDb: true,
  kinds: {
    'curated-bytes-differ': {
      invariant: 'I8',
      severity: 'warning',
      means: 'a curated file is not the one that curation wrote',
      todo: 'The next night rebuilds it from the raw files; a bundle that shares its bytes is named by the check of bundles.',
    },
  },
  async places(context) {
    const places: string[] = []
    for (const { dataset } of datasetsIn(context)) {
      for (const one of await recordedPartitions(context.db, dataset)) {
        if (one.sha256 !== null) places.push(`${dataset}/${one.partition}`)
      }
    }
    return places
  },
  async look(context, place, report) {
    const { dataset, spec, rest } = datasetOfPlace(context, place)
    const recorded = (await recordedPartitions(context.db, dataset)).find(({ partition }) => partition === rest)
    const file = curatedFile(context.lake.root, dataset, spec.partition, rest)
    if (!recorded?.sha256 || recorded.isTouched || (await sizeOf(file)) === null) return 0
    const sha256 = await hashOf(context, file)
    if (sha256 !== recorded.sha256)
      report('curated-bytes-differ', relative(context.lake.root, file), recorded.sha256, sha256)
    return 1
  },
}
