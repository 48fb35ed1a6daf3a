/** One error of the disk in curation, and one in QC, that are over a minute later. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Case } from '../case.ts'
import { touchAll } from '../damage.ts'
import { judge } from '../judge.ts'
import { atWork, playNight } from '../night.ts'
import { worstOf } from '../worst.ts'

const FOLDERS = ['curated/equities_bars/year=2025', 'qc/ledger/equities_bars']

export const curationRefusedOnce: Case = {
  fault: 'curation or QC of one partition fails once, and the night goes on',
  expected: ['healed', 'told'],
  async run(workshop) {
    const judged = []
    for (const folder of FOLDERS) {
      const stage = await workshop.copy()
      await touchAll(stage.root)
      const path = join(stage.root, 'data_layer', folder)
      await atWork(stage, async ({ post }) => {
        // A file where the folder should be.
        renameSync(path, `${path}.away`)
        writeFileSync(path, '')
        for (let call = 0; call < 40; call++) {
          await post('/curate-partition')
          await post('/qc-partition')
        }
        rmSync(path)
        renameSync(`${path}.away`, path)
      })
      mkdirSync(path, { recursive: true })
      judged.push({ injections: 1, ...(await judge(stage.root, workshop.undisturbed, [await playNight(stage)])) })
    }
    return worstOf(judged)
  },
}
