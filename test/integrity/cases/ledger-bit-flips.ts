/** One bit of the ledger and of each of its parts is another one than QC wrote. */
import { statSync } from 'node:fs'
import { relative } from 'node:path'
import type { Case } from '../case.ts'
import { dataFiles, flipBit } from '../damage.ts'
import { flipEach } from '../flips.ts'

export const ledgerBitFlips: Case = {
  fault: 'single bits of the ledger and its parts flip',
  expected: ['healed'],
  run: (workshop) =>
    flipEach(workshop, 'ledger', 0.25, (root, chance) => {
      const files = dataFiles(root, 'qc', '.parquet')
      for (const path of files) flipBit(path, chance(8 * statSync(path).size, relative(root, path)))
      return files.length
    }),
}
