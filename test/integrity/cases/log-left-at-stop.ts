/** Whoever copies the database file alone after a clean stop has all of it. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Case } from '../case.ts'
import { judge } from '../judge.ts'
import { playNight } from '../night.ts'

export const logLeftAtStop: Case = {
  fault: 'the database file alone is copied after a clean stop',
  expected: ['healed'],
  async run(workshop) {
    const stage = await workshop.copy()
    const night = await playNight(stage)
    const log = join(stage.root, 'data_layer/state/node.db-wal')
    const bytes = existsSync(log) ? statSync(log).size : 0
    const judged = await judge(stage.root, workshop.undisturbed, [night])
    if (bytes > 0)
      return { injections: 1, ...judged, did: 'wrong', note: `${bytes} bytes are left in the write-ahead log` }
    return { injections: 1, ...judged, note: 'the log is folded into the file' }
  },
}
