/** A line of each manifest is replaced by another text. */
import type { Case } from '../case.ts'
import { dataFiles, replaceFile } from '../damage.ts'

export const manifestLineReplaced: Case = {
  fault: 'a line of each manifest is replaced by another text',
  expected: ['healed', 'told'],
  run: (workshop) =>
    workshop.damaged((root) => {
      const files = dataFiles(root, 'manifests', '.jsonl')
      for (const path of files) replaceFile(path, (bytes) => Buffer.from(bytes.toString().replace(/^.*$/m, 'no line')))
      return files.length
    }),
}
