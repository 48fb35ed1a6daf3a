/** The database is deleted under a running node, which is then given work. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Case } from '../case.ts'
import { comeBack } from '../come-back.ts'

const WORK = { dataset: 'equities_bars', symbols: 'all', from: '2025-07-01', to: '2025-07-02', again: true }

export const databaseRemovedUnderNode: Case = {
  fault: 'the database is deleted under the node, which is then given work',
  expected: ['told'],
  run: (workshop) =>
    comeBack(workshop, {}, async (root, { post, get }) => {
      for (const name of ['node.db', 'node.db-wal']) rmSync(join(root, 'data_layer/state', name), { force: true })
      const { status, body } = await post('/enqueue', WORK)
      const ready = await get('/readyz')
      return [
        { ok: status === 200 && body.ok === true, said: body.error },
        { ok: ready.status === 200, said: JSON.stringify(ready.body) },
      ]
    }),
}
