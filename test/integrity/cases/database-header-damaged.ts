/** The first bytes of the database are overwritten. */
import { join } from 'node:path'
import type { Case } from '../case.ts'
import { replaceFile } from '../damage.ts'

export const databaseHeaderDamaged: Case = {
  fault: 'the first bytes of the database are overwritten',
  expected: ['healed', 'told'],
  run: (workshop) =>
    workshop.damaged((root) => {
      replaceFile(join(root, 'data_layer/state/node.db'), (bytes) => bytes.fill('x', 0, 100))
    }),
}
