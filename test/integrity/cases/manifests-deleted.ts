/** All manifests are deleted, after many starts and before the second one. */
import type { Case } from '../case.ts'
import { changeDb, removeFolder } from '../damage.ts'
import { worstOf } from '../worst.ts'

export const manifestsDeleted: Case = {
  fault: 'all manifests are deleted, also ones that no start has read yet',
  expected: ['healed', 'told'],
  async run(workshop) {
    const read = await workshop.damaged((root) => removeFolder(root, 'data_layer/manifests'))
    const unread = await workshop.damaged(async (root) => {
      // As after the first night of a node that was not started since.
      await changeDb(root, 'DELETE FROM manifests')
      removeFolder(root, 'data_layer/manifests')
    })
    return worstOf([read, unread])
  },
}
