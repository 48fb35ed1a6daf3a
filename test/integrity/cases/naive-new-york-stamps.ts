/** Stamps of New York's wall clock without a zone: taken for UTC they would lie four hours early. */
import type { Case } from '../case.ts'
import { bundleRows, DAYS, fieldOutcome, minuteCsv, minutesSql, nightThenAdopt, OHLC, openField } from '../field.ts'

export const naiveNewYorkStamps: Case = {
  fault: "minutes are stamped with New York's wall clock and no zone",
  expected: ['refused'],
  async run(workshop) {
    const field = await openField(workshop, {
      symbols: ['SPY'],
      kill: ['alpaca', 'massive'],
      datasets: ['equities_bars_minute'],
      from: '2013-10-04',
      asof: '2013-10-11',
    })
    field.csv('minute/XYZ_20131004.csv', minuteCsv('XYZ', '2013-10-04').slice(0, 3))
    for (const dt of DAYS) {
      const sql = `SELECT local AS ts, ${OHLC} FROM (${minutesSql(dt)})`
      await field.put(`alpaca/equities_bars_minute/date=${dt}/symbol=SPY/data.parquet`, sql)
    }
    const said = await nightThenAdopt(field)
    const rows = await bundleRows<{ session: string; n: number }>(field.root, 'equities_bars_minute', 'session')
    const found = { rows: rows.length, namesAnOption: /zone/i.test(said) }
    return fieldOutcome(field.root, 'refused', { rows: 0, namesAnOption: true }, found)
  },
}
