/** Tickers that are names of devices elsewhere, in plain folders as an older node wrote them. */
import type { Case } from '../case.ts'
import { bundleRows, fieldOutcome, minuteCsv, minutesSql, nightThenAdopt, OHLC, openField } from '../field.ts'

const TICKERS = ['CON', 'PRN', 'NA', 'TRUE', 'NULL']

export const deviceNameTickers: Case = {
  fault: 'folders are named symbol=CON and symbol=PRN',
  expected: ['healed'],
  async run(workshop) {
    const field = await openField(workshop, {
      symbols: TICKERS,
      kill: ['alpaca', 'massive'],
      datasets: ['equities_bars_minute'],
      from: '2013-10-11',
      asof: '2013-10-11',
    })
    field.csv('minute/XYZ_20131011.csv', minuteCsv('XYZ', '2013-10-11').slice(0, 3))
    for (const symbol of TICKERS) {
      const sql = `SELECT utc AS ts, ${OHLC} FROM (${minutesSql('2013-10-11')})`
      await field.put(`alpaca/equities_bars_minute/date=2013-10-11/symbol=${symbol}/data.parquet`, sql)
    }
    await nightThenAdopt(field)
    const rows = await bundleRows(field.root, 'equities_bars_minute', 'symbol, count(*) AS rows', 'GROUP BY symbol')
    const expected = [...TICKERS].sort().map((symbol) => ({ symbol, rows: 390 }))
    return fieldOutcome(field.root, 'healed', expected, rows, true)
  },
}
