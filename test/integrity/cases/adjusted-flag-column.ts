/** A column says in a vendor's own word that prices are adjusted. */
import type { Case } from '../case.ts'
import { bundleRows, fieldOutcome, minuteCsv, minutesSql, nightThenAdopt, OHLC, openField } from '../field.ts'

export const adjustedFlagColumn: Case = {
  fault: 'a column adjusted=true says that prices are not as traded',
  expected: ['refused'],
  async run(workshop) {
    const field = await openField(workshop, {
      symbols: ['SPY'],
      kill: ['alpaca', 'massive'],
      datasets: ['equities_bars_minute'],
      from: '2013-10-11',
      asof: '2013-10-11',
    })
    field.csv('minute/XYZ_20131011.csv', minuteCsv('XYZ', '2013-10-11').slice(0, 3))
    const sql = `SELECT utc AS ts, ${OHLC}, true AS adjusted FROM (${minutesSql('2013-10-11', 25)})`
    await field.put('massive/equities_bars_minute/date=2013-10-11/symbol=SPY/data.parquet', sql)
    await nightThenAdopt(field)
    return fieldOutcome(field.root, 'refused', [], await bundleRows(field.root, 'equities_bars_minute', 'symbol'))
  },
}
