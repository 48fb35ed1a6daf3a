/** Raw files are cut off. */
import { statSync } from 'node:fs'
import type { Case } from '../case.ts'
import { cutFile, dataFiles, touchAll } from '../damage.ts'

export const rawFileCut: Case = {
  fault: 'raw files are cut off',
  expected: ['healed', 'told'],
  run: (workshop) =>
    workshop.damaged(async (root) => {
      const files = dataFiles(root, 'raw')
      for (const path of files) cutFile(path, statSync(path).size >> 1)
      await touchAll(root)
      return files.length
    }),
}
