/** One minute has a vwap and trades of 0 beside real prices: a vendor's way of not knowing. */
import type { Case } from '../case.ts'
import { bundleRows, DAYS, fieldOutcome, minuteCsv, openField } from '../field.ts'
import { playNight } from '../night.ts'

const MINUTE = '2013-10-08T14:31:00Z'

export const vwapZeroForUnknown: Case = {
  fault: 'one minute has a vwap of 0 and no trades beside real prices',
  expected: ['healed'],
  async run(workshop) {
    const field = await openField(workshop, {
      symbols: ['SPY'],
      kill: ['massive'],
      datasets: ['equities_bars_minute'],
      asof: '2013-10-11',
    })
    const more = (stamp: string): string => (stamp === MINUTE ? ',0,0' : ',100,5')
    for (const dt of DAYS)
      field.csv(`minute/SPY_${dt.replaceAll('-', '')}.csv`, minuteCsv('SPY', dt, more, ',vwap,trades'))
    await playNight(field)
    const counts = 'dt, count(*) AS rows, count(vwap) AS vwaps'
    const rows = await bundleRows(field.root, 'equities_bars_minute', counts, 'GROUP BY dt')
    const expected = DAYS.map((dt) => ({ dt, rows: 390, vwaps: dt === '2013-10-08' ? 389 : 390 }))
    return fieldOutcome(field.root, 'healed', expected, rows, true)
  },
}
