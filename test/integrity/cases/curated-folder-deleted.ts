/** All curated files are deleted. */
import type { Case } from '../case.ts'
import { removeFolder } from '../damage.ts'

export const curatedFolderDeleted: Case = {
  fault: 'all curated files are deleted',
  expected: ['healed'],
  run: (workshop) =>
    workshop.damaged((root) => {
      removeFolder(root, 'data_layer/curated')
    }),
}
