/** The clean bars of a scene as another vendor shows them: other auctions, other roundings, a few percent more volume, some thin minutes missing. Pure. */
import { type Day, type EvalRow, enclosed, type Injected } from './fault.ts'
import { drawsOf } from './scene.ts'

const cents = (price: number): number => (price >= 1 ? Math.round(price * 100) / 100 : Math.round(price * 1e4) / 1e4)
/** Most auctions agree to a tenth of a percent; the farthest are half a percent apart. */
const auction = (random: () => number): number => 1 + 0.01 * (random() - 0.5) * random()

export function asSecondVendor(seed: number, dataset: Injected, symbol: string, days: readonly Day[]): Day[] {
  const random = drawsOf(seed, 'second vendor', dataset, symbol)
  const usual = 1 + 0.04 * random()
  const rounded = (row: EvalRow): EvalRow => ({
    ...row,
    open: cents(row.open),
    high: cents(row.high),
    low: cents(row.low),
    close: cents(row.close),
    volume: Math.max(1, Math.round(row.volume * (usual + 0.04 * random()))),
    vwap: null,
  })
  return days.map(({ dt, rows }) => ({
    dt,
    rows:
      dataset === 'equities_bars'
        ? rows.map((row) =>
            enclosed({
              ...rounded(row),
              open: cents(row.open * auction(random)),
              close: cents(row.close * auction(random)),
            }),
          )
        : rows.filter(() => random() > 0.01).map((row) => enclosed(rounded(row))),
  }))
}
