/** The root's path holds characters that DuckDB takes for a pattern, and a neighbour's path would match it. */
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Case } from '../case.ts'
import { dailyCsv, type Field, fieldOutcome, ledgerRows, openField } from '../field.ts'
import { playNight } from '../night.ts'

const PAIRS = [
  ['disk[1]', 'disk1'],
  ['what?', 'whatX'],
  ['all*', 'allOthers'],
] as const

export const rootWithGlobCharacters: Case = {
  fault: "the root's path reads like a pattern that its neighbour matches",
  expected: ['healed'],
  async run(workshop) {
    const found: unknown[] = []
    let root = ''
    for (const [odd, plain] of PAIRS) {
      const neighbour = await openField(workshop, { datasets: ['equities_bars'] }, join(plain, 'root'))
      neighbour.csv('daily/IBM.csv', dailyCsv('IBM', ['2013-10-10', '2013-10-11'], 185))
      await playNight(neighbour)
      const field = besides(neighbour, await openField(workshop, { datasets: ['equities_bars'] }), join(odd, 'root'))
      field.csv('daily/SPY.csv', dailyCsv('SPY', ['2013-10-10', '2013-10-11'], 100))
      await playNight(field)
      root = field.root
      found.push(await ledgerRows(root, 'symbol, count(*) AS cells', 'GROUP BY symbol').catch(() => 'no ledger'))
    }
    const own = PAIRS.map(() => [{ symbol: 'SPY', cells: 2 }])
    return { ...(await fieldOutcome(root, 'healed', own, found)), injections: PAIRS.length }
  },
}

/** The same data in a root beside another one. */
function besides(neighbour: Field, field: Field, below: string): Field {
  const root = join(dirname(dirname(neighbour.root)), below)
  mkdirSync(root, { recursive: true })
  return { ...field, root, options: { ...field.options, root } }
}
