/** A curated file is cut off. */
import type { Case } from '../case.ts'
import { cutFile, dataFiles } from '../damage.ts'

export const curatedFileCut: Case = {
  fault: 'a curated file is cut off',
  expected: ['healed'],
  run: (workshop) =>
    workshop.damaged((root) => {
      for (const path of dataFiles(root, 'curated', '.parquet')) cutFile(path, 500)
    }),
}
