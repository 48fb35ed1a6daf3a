/** Somebody writes through the file of a bundle, which is also the lake's own. */
import { chmodSync, linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Case } from '../case.ts'
import { dataFiles } from '../damage.ts'

export const curatedThroughHardLink: Case = {
  fault: 'a program writes into a file of the bundle, which the lake shares',
  expected: ['healed'],
  run: (workshop) =>
    workshop.damaged((root) => {
      for (const lake of dataFiles(root, 'curated', '.parquet')) {
        const bundle = join(root, 'exports/latest/curated', lake.slice(join(root, 'data_layer/curated').length))
        if (!readFileSync(lake).equals(readFileSync(bundle))) continue
        unlinkSync(bundle)
        linkSync(lake, bundle)
        const bytes = readFileSync(bundle)
        bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 0xff
        chmodSync(bundle, 0o644)
        writeFileSync(bundle, bytes)
        return
      }
      throw new Error('expected a curated file that travels whole')
    }),
}
