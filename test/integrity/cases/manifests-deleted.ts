/** All manifests are deleted. */
import type { Case } from '../case.ts'
import { removeFolder } from '../damage.ts'

export const manifestsDeleted: Case = {
  fault: 'all manifests are deleted',
  expected: ['healed', 'told'],
  run: (workshop) =>
    workshop.damaged((root) => {
      removeFolder(root, 'data_layer/manifests')
    }),
}
