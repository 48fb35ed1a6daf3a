/** The last line of each manifest is cut off. */
import type { Case } from '../case.ts'
import { dataFiles, replaceFile } from '../damage.ts'

export const manifestEndLost: Case = {
  fault: 'the last line of each manifest is cut off',
  expected: ['healed', 'told'],
  run: (workshop) =>
    workshop.damaged((root) => {
      const files = dataFiles(root, 'manifests', '.jsonl')
      for (const path of files) replaceFile(path, (bytes) => bytes.subarray(0, bytes.length - 40))
      return files.length
    }),
}
