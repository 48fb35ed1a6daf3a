/** One curated file is deleted. */
import { unlinkSync } from 'node:fs'
import type { Case } from '../case.ts'
import { dataFiles } from '../damage.ts'

export const curatedFileDeleted: Case = {
  fault: 'one curated file is deleted',
  expected: ['healed'],
  run: (workshop) =>
    workshop.damaged((root) => {
      unlinkSync(dataFiles(root, 'curated/equities_bars', '.parquet')[0] as string)
    }),
}
