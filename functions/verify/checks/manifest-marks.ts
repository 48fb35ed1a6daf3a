/** I1: the manifests that the database has read are there, and no shorter than they were. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { manifestMarks } from '../../../db/manifests/manifests.ts'
import { codeOf } from '../../_lake/disk.ts'
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
      const size = await stat(join(lake.root, path)).then(
        (found) => found.size,
        (error: unknown) => {
          if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
          throw error
        },
      )
      if (size === null) report('manifest-gone', path, `${bytes} bytes`, 'no file')
      else if (size < bytes) report('manifest-shorter', path, `at least ${bytes} bytes`, `${size}`)
    }
    return marks.size
  },
}
