/** Daily bars stamped at the close, as a vendor's endpoint for whole days gives them. */
import type { Case } from '../case.ts'
import { bundleRows, dailyCsv, fieldOutcome, nightThenAdopt, openField } from '../field.ts'

export const dailyStampOfTheClose: Case = {
  fault: 'daily bars are stamped at the close of their day',
  expected: ['healed'],
  async run(workshop) {
    const dts = ['2013-10-10', '2013-10-11']
    const field = await openField(workshop, {
      symbols: ['IBM'],
      kill: ['alpaca', 'massive'],
      datasets: ['equities_bars'],
      from: '2013-10-10',
      asof: '2013-10-11',
    })
    field.csv('daily/XYZ.csv', dailyCsv('XYZ', dts, 185))
    for (const dt of dts) {
      const sql = `SELECT 'IBM' AS symbol, epoch_ms(TIMESTAMP '${dt} 20:00:00') AS t, 185.0 AS o, 186.0 AS h, 184.0 AS l, 185.5 AS c, 1000.0 AS v, 185.1 AS vw, 10 AS n`
      await field.put(`massive/equities_bars/date=${dt}/data.parquet`, sql)
    }
    await nightThenAdopt(field)
    const rows = await bundleRows(field.root, 'equities_bars', `dt, strftime(ts, '%Y-%m-%dT%H:%M') AS ts, close`)
    const expected = dts.map((dt) => ({ dt, ts: `${dt}T04:00`, close: 185.5 }))
    return fieldOutcome(field.root, 'healed', expected, rows, true)
  },
}
