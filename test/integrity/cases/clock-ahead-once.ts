/** A clock that stood two years ahead when work was planned, and is right again at the next start. */
import type { Case } from '../case.ts'
import { removeFolder, touchAll } from '../damage.ts'
import { judge } from '../judge.ts'
import { atWork, playNight } from '../night.ts'
import { worstOf } from '../worst.ts'

const AHEAD_DAYS = [1, 730]
const EVENING = Date.parse('2025-07-08T20:30:00-04:00')

export const clockAheadOnce: Case = {
  fault: 'the clock stood days or years ahead while work was planned and asked for',
  expected: ['healed'],
  async run(workshop) {
    const judged = []
    for (const days of AHEAD_DAYS) {
      const stage = await workshop.copy()
      removeFolder(stage.root, 'data_layer/raw/alpaca/equities_bars')
      await touchAll(stage.root)
      await atWork(stage, async ({ post }) => void (await post('/audit', { rebuild: true })))
      await atWork(
        stage,
        async ({ post }) => {
          await post('/audit')
          for (let call = 0; call < 2; call++) await post('/dispatch-one-task')
          for (let call = 0; call < 3; call++) await post('/curate-partition')
        },
        { now: EVENING + days * 86_400_000 },
      )
      judged.push({ injections: 1, ...(await judge(stage.root, workshop.undisturbed, [await playNight(stage)])) })
    }
    return worstOf(judged)
  },
}
