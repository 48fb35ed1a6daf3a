/** Answers of the node say what they are, so that no browser takes text for a page or a script. */
import type { Case } from '../case.ts'
import { judge } from '../judge.ts'
import { atWork } from '../night.ts'

const PATHS = [
  '/status',
  '/queue',
  '/vendors',
  '/why/equities_bars/AAPL/2025-07-08',
  '/coverage/equities_bars',
  '/livez',
  '/nothing',
]

export const pageTakenForScript: Case = {
  fault: 'a browser guesses what an answer of the node is',
  expected: ['healed'],
  async run(workshop) {
    const stage = await workshop.copy()
    const without = await atWork(stage, async ({ get }) => {
      const found = await Promise.all(
        PATHS.map(async (path) => ({ path, header: (await get(path)).headers.get('x-content-type-options') })),
      )
      return found.filter(({ header }) => header !== 'nosniff').map(({ path }) => path)
    })
    const judged = await judge(stage.root, workshop.undisturbed, [])
    if (without.length > 0)
      return { injections: PATHS.length, ...judged, did: 'wrong', note: `no nosniff on ${without.join(', ')}` }
    return { injections: PATHS.length, ...judged, note: 'every answer says nosniff' }
  },
}
