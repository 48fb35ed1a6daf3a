/** Manifests end in NULs, as after a power cut. */
import type { Case } from '../case.ts'
import { dataFiles, replaceFile } from '../damage.ts'

export const manifestNuls: Case = {
  fault: 'manifests end in NULs, as after a power cut',
  expected: ['healed'],
  run: (workshop) =>
    workshop.damaged((root) => {
      const files = dataFiles(root, 'manifests', '.jsonl')
      for (const path of files) replaceFile(path, (bytes) => Buffer.concat([bytes, Buffer.alloc(4096)]))
      return files.length
    }),
}
