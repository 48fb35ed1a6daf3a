/** A raw file of split-adjusted prices lies where a preferred vendor's would, before the good bars of another vendor. */
import type { Case } from '../case.ts'
import { bundleRows, dailyCsv, fieldOutcome, nightThenAdopt, openField } from '../field.ts'

export const refusedFileTravels: Case = {
  fault: 'a file of adjusted prices lies in the raw folder of the preferred vendor',
  expected: ['refused'],
  async run(workshop) {
    const field = await openField(workshop, { symbols: ['IBM'], kill: ['alpaca'], datasets: ['equities_bars'] })
    field.csv('daily/IBM.csv', dailyCsv('IBM', ['2013-10-10', '2013-10-11'], 185))
    const columns = `'IBM' AS symbol, TIMESTAMP '2013-10-10 04:00:00' AS ts, 46.25 AS open, 46.5 AS high, 46.0 AS low, 46.25 AS close, 4000.0 AS volume`
    await field.put('alpaca/equities_bars/date=2013-10-10/data.parquet', `SELECT ${columns}, 'split' AS adjustment`)
    await nightThenAdopt(field)
    const rows = await bundleRows(field.root, 'equities_bars', 'dt, close, vendor, adjustment')
    const good = ['2013-10-10', '2013-10-11'].map((dt) => ({ dt, close: 185, vendor: 'massive', adjustment: 'raw' }))
    return fieldOutcome(field.root, 'refused', good, rows)
  },
}
