/** One bit of many curated files is another one than curation wrote. */
import { statSync } from 'node:fs'
import { relative } from 'node:path'
import type { Case } from '../case.ts'
import { dataFiles, flipBit } from '../damage.ts'
import { flipEach } from '../flips.ts'

export const curatedBitFlips: Case = {
  fault: 'single bits of curated files flip',
  expected: ['healed'],
  run: (workshop) =>
    flipEach(workshop, 'curated', 0.25, (root, chance) => {
      const files = dataFiles(root, 'curated', '.parquet')
      for (const path of files) flipBit(path, chance(8 * statSync(path).size, relative(root, path)))
      return files.length
    }),
}
