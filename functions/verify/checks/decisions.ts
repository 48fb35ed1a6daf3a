/** I2: what persons decided can be read. */
import { relative } from 'node:path'
import { readDecisions } from '../../_decisions/decisions.ts'
import { decisionsFile } from '../../_lake/paths.ts'
import type { Check, VerifyContext } from '../check.ts'

type Kind = 'decision-unreadable'

export const check: Check<Kind, VerifyContext> = {
  id: 'decisions',
  about: 'every line of the decisions that persons took',
  mode: 'exact',
  needsDb: false,
  kinds: {
    'decision-unreadable': {
      invariant: 'I2',
      severity: 'error',
      means: 'what a person decided about a cell does not count, because its line cannot be read',
      todo: 'Bring the file back from a backup, or remove the line and decide again (POST /hold, POST /release).',
    },
  },
  places: async () => ['all'],
  async look({ lake }, _place, report) {
    const { byDataset, bad } = await readDecisions(lake.root)
    const where = relative(lake.root, decisionsFile(lake.root))
    for (const { byte, why } of bad)
      report('decision-unreadable', `${where} at byte ${byte}`, 'a line as it was written', why)
    return [...byDataset.values()].reduce((sum, decisions) => sum + decisions.size, bad.length)
  },
}
