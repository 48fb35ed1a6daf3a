/** One bit of each manifest is another one than was written; every partition is curated anew and the manifests are read from their beginning. */
import { statSync } from 'node:fs'
import { relative } from 'node:path'
import type { Case } from '../case.ts'
import { changeDb, dataFiles, flipBit, touchAll } from '../damage.ts'
import { flipEach } from '../flips.ts'

export const manifestBitFlips: Case = {
  fault: 'single bits of manifests flip, and all of them are read again',
  expected: ['healed', 'told'],
  run: (workshop) =>
    flipEach(workshop, 'manifests', 0.1, async (root, chance) => {
      const files = dataFiles(root, 'manifests', '.jsonl')
      for (const path of files) flipBit(path, chance(8 * statSync(path).size, relative(root, path)))
      await changeDb(root, 'DELETE FROM manifests')
      await touchAll(root)
      return files.length
    }),
}
