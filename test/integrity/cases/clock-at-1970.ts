/** A machine without a battery boots at 1970: reads answer, and nothing is damaged. */
import type { Case } from '../case.ts'
import { judge } from '../judge.ts'
import { atWork, playNight } from '../night.ts'

export const clockAt1970: Case = {
  fault: 'the node starts with a clock at 1970',
  expected: ['healed'],
  async run(workshop) {
    const stage = await workshop.copy()
    const statuses = await atWork(
      stage,
      async ({ get, post }) => {
        await post('/audit')
        await post('/dispatch-one-task')
        const paths = ['/status', '/why/equities_bars/AAPL/2025-07-08', '/queue', '/vendors']
        return await Promise.all(paths.map(async (path) => `${path} ${(await get(path)).status}`))
      },
      { now: 1_000 },
    )
    const judged = await judge(stage.root, workshop.undisturbed, [await playNight(stage)])
    const wrong = statuses.filter((text) => !text.endsWith(' 200'))
    if (wrong.length > 0) return { injections: 1, ...judged, did: 'wrong', note: wrong.join(', ') }
    return { injections: 1, ...judged, note: `reads answered 200; then ${judged.note}` }
  },
}
