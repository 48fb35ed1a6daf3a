/** The data root vanishes under a running node, which is then asked for a bundle; later the disk is back. */
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import type { Case } from '../case.ts'
import { comeBack } from '../come-back.ts'

export const rootRemovedUnderNode: Case = {
  fault: 'the data root vanishes under the node, an export is asked for, and the disk comes back',
  expected: ['told', 'refused'],
  run: (workshop) =>
    comeBack(workshop, {}, async (root, { post }) => {
      renameSync(join(root, 'data_layer'), join(root, 'unplugged'))
      const answers = [await post('/export'), await post('/audit'), await post('/curate-partition')]
      return answers.map(({ status, body }) => ({
        ok: status === 200 && body.ok === true && !body.left,
        said: body.error,
      }))
    }),
}
