/** The ledger and all its parts are deleted. */
import type { Case } from '../case.ts'
import { removeFolder } from '../damage.ts'

export const ledgerDeleted: Case = {
  fault: 'the ledger and all its parts are deleted',
  expected: ['healed'],
  run: (workshop) =>
    workshop.damaged((root) => {
      removeFolder(root, 'data_layer/qc')
    }),
}
