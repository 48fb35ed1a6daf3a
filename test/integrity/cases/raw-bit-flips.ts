/** One bit of many raw files is another one than was written; every partition is curated anew from them. */
import { statSync } from 'node:fs'
import { relative } from 'node:path'
import type { Case } from '../case.ts'
import { dataFiles, flipBit, touchAll } from '../damage.ts'
import { flipEach } from '../flips.ts'

export const rawBitFlips: Case = {
  fault: 'single bits of raw files flip, and every partition is curated from them',
  expected: ['healed', 'told'],
  run: (workshop) =>
    flipEach(workshop, 'raw', 0.4, async (root, chance) => {
      await touchAll(root)
      return dataFiles(root, 'raw').map((path) => {
        flipBit(path, chance(8 * statSync(path).size, relative(root, path)))
        return path
      }).length
    }),
}
