/** NaN in optional columns, as some writers store what is not there. */
import type { Case } from '../case.ts'
import { bundleRows, fieldOutcome, minuteCsv, minutesSql, nightThenAdopt, OHLC, openField } from '../field.ts'

export const nanForNothing: Case = {
  fault: 'optional columns hold NaN for nothing',
  expected: ['healed'],
  async run(workshop) {
    const field = await openField(workshop, {
      symbols: ['SPY'],
      kill: ['alpaca', 'massive'],
      datasets: ['equities_bars_minute'],
      from: '2013-10-11',
      asof: '2013-10-11',
    })
    field.csv('minute/XYZ_20131011.csv', minuteCsv('XYZ', '2013-10-11').slice(0, 3))
    const sql = `SELECT utc AS ts, ${OHLC}, 'nan'::DOUBLE AS vwap, 'nan'::DOUBLE AS trades FROM (${minutesSql('2013-10-11')})`
    await field.put('alpaca/equities_bars_minute/date=2013-10-11/symbol=SPY/data.parquet', sql)
    await nightThenAdopt(field)
    const counts = 'symbol, count(*) AS rows, count(vwap) AS vwaps, count(trades) AS trades'
    const rows = await bundleRows(field.root, 'equities_bars_minute', counts, 'GROUP BY symbol')
    return fieldOutcome(field.root, 'healed', [{ symbol: 'SPY', rows: 390, vwaps: 0, trades: 0 }], rows, true)
  },
}
