/** The database is deleted while the node is off. */
import type { Case } from '../case.ts'
import { removeFolder } from '../damage.ts'

export const databaseDeleted: Case = {
  fault: 'the database is deleted while the node is off',
  expected: ['healed', 'told'],
  run: (workshop) =>
    workshop.damaged((root) => {
      removeFolder(root, 'data_layer/state')
    }),
}
