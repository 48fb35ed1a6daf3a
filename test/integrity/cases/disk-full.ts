/** A disk that is full in the middle of a night, and has room again later. Needs the right to mount a file system in memory. */
import { spawnSync } from 'node:child_process'
import type { Case } from '../case.ts'
import { judge } from '../judge.ts'
import { playNight } from '../night.ts'
import { BASE_OPTIONS } from '../workshop.ts'

const SMALL = '2600k'
const LARGE = '64m'

export const diskFull: Case = {
  fault: 'the disk is full in the middle of a night, and has room again later',
  expected: ['healed', 'told'],
  async run(workshop) {
    const root = await workshop.folder()
    if (mount(root, `size=${SMALL}`) !== 0) return { skipped: 'this user may not mount a file system in memory' }
    try {
      const stage = { root, options: { ...BASE_OPTIONS, root } }
      const full = await playNight(stage)
      const said = full.refusal ?? full.failed[0]
      mount(root, `remount,size=${LARGE}`)
      const judged = await judge(root, workshop.undisturbed, [full, await playNight(stage)])
      if (said === undefined)
        return { injections: 1, ...judged, did: 'wrong', note: 'a night on a full disk was taken for done' }
      return { injections: 1, ...judged, note: `said: ${said.slice(0, 100)}; then ${judged.note}` }
    } finally {
      // Lazily: a database that this process closed is let go only later.
      spawnSync('umount', ['-l', root])
    }
  },
}

const mount = (folder: string, options: string): number | null =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status
