/** Pages of the database are zeroed. */
import { join } from 'node:path'
import type { Case } from '../case.ts'
import { replaceFile } from '../damage.ts'

export const databasePagesZeroed: Case = {
  fault: 'pages of the database are zeroed',
  expected: ['healed', 'told'],
  run: (workshop) =>
    workshop.damaged((root) => {
      replaceFile(join(root, 'data_layer/state/node.db'), (bytes) => bytes.fill(0, 8 * 4096, bytes.length - 4096))
    }),
}
