/** The root lies below folders named key=value, as in a dated backup. */
import { join } from 'node:path'
import type { Case } from '../case.ts'
import { dailyCsv, fieldOutcome, openField } from '../field.ts'
import { latestBundle } from '../judge.ts'
import { playNight } from '../night.ts'

const FOLDERS = ['plain', 'dt=2020-01-02', 'symbol=X', 'vendor=x', 'status=RED', 'date=2020-01-02/year=1999']

export const rootBelowAPartitionFolder: Case = {
  fault: 'the root lies below a folder named key=value',
  expected: ['healed'],
  async run(workshop) {
    const digests: (string | undefined)[] = []
    let root = ''
    for (const folder of FOLDERS) {
      const field = await openField(workshop, { datasets: ['equities_bars'] }, join(folder, 'root'))
      for (const symbol of ['SPY', 'IBM'])
        field.csv(`daily/${symbol}.csv`, dailyCsv(symbol, ['2013-10-10', '2013-10-11'], 100))
      root = field.root
      await playNight(field)
      digests.push((await latestBundle(root))?.digest?.slice(0, 8))
    }
    const outcome = await fieldOutcome(
      root,
      'healed',
      FOLDERS.map(() => digests[0] ?? 'a bundle'),
      digests,
    )
    return { ...outcome, injections: FOLDERS.length }
  },
}
