/** I1: the manifests that the database has read are there, and no shorter than they were. */
import { join } from 'node:path'
import { manifestMarks } from '../../../db/manifests/manifests.ts'
import { lineFileAt, plainLength, stateAt } from '../../_lake/line-files.ts'
import type { Check } from '../check.ts'

type Kind = 'manifest-gone' | 'manifest-shorter'

const TODO =
  'POST /audit {"rebuild":true} compares what is left with the files. Restore the manifests from a backup if there is one.'

export const check: Check<Kind> = {
  id: 'manifest-marks',
  about: 'manifest files against what the database has read of them',
  mode: 'fast',
  needsDb: true,
  kinds: {
    'manifest-gone': {
      invariant: 'I1',
      severity: 'warning',
      means: 'a manifest is gone: without it the database could not be rebuilt',
      todo: TODO,
    },
    'manifest-shorter': {
      invariant: 'I1',
      severity: 'warning',
      means: 'a manifest is shorter than what was read of it: lines are lost',
      todo: TODO,
    },
  },
  places: async () => ['manifests'],
  async look({ db, lake }, _place, report) {
    const marks = await manifestMarks(db)
    for (const [path, bytes] of marks) {
      const file = await lineFileAt(join(lake.root, path))
      if (file === null) report('manifest-gone', path, `${bytes} bytes`, 'no file')
      else if ((await plainLength(file)) < bytes)
        report('manifest-shorter', path, `at least ${bytes} bytes`, `${await plainLength(file)}`)
      else if ((await stateAt(file.path, bytes)) !== 'whole')
        report('manifest-shorter', path, `at least ${bytes} bytes`, 'a file without its end')
    }
    return marks.size
  },
}
