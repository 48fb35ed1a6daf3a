/** A yield's file lies under one day, and its row says another. */
import type { Case } from '../case.ts'
import { bundleRows, fieldOutcome, nightThenAdopt, openField } from '../field.ts'

export const refusedYieldTravels: Case = {
  fault: "a yield's row says another day than its folder",
  expected: ['refused'],
  async run(workshop) {
    const days = { from: '2006-02-07', asof: '2006-02-08' }
    const field = await openField(workshop, { ...days, datasets: ['macro_treasury'], kill: ['fred', 'massive'] })
    field.csv('DGS10.csv', ['observation_date,DGS10', '2006-02-07,4.57', '2006-02-08,4.56'])
    for (const [folder, day] of [
      ['2006-02-07', '2006-02-07'],
      ['2006-02-08', '2006-02-06'],
    ]) {
      const sql = `SELECT DATE '${day}' AS date, 'DGS10' AS series, 4.5::DOUBLE AS value`
      await field.put(`fred/macro_treasury/date=${folder}/data.parquet`, sql)
    }
    await nightThenAdopt(field)
    const rows = await bundleRows(field.root, 'macro_treasury', 'date, "DGS10" AS value')
    return fieldOutcome(field.root, 'refused', [{ date: '2006-02-07', value: 4.5 }], rows)
  },
}
