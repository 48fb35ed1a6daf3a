/** What a person wants forgotten: datasets, symbol and days, and what of it the configuration still expects. */
import { z } from 'zod'
import type { DatasetConfig } from '../../config/schema.ts'
import { datasetsOf } from '../_catalog/catalog.ts'
import { asofAt, type SymbolRange, symbolRanges } from '../_expected/expected.ts'
import { AsOfBody, RequestError } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { type DatasetName, SymbolText } from '../_market/cell.ts'
import { type Dt, DtText } from '../_market/dt.ts'

export const ForgetBody = AsOfBody.extend({
  /** All that are left out do not narrow. */
  dataset: z.string().optional(),
  symbol: SymbolText.optional(),
  /** Only days before this one, and only days after that one. */
  before: DtText.optional(),
  after: DtText.optional(),
  /** Counts, and changes nothing. */
  dryRun: z.boolean().default(true),
})
export type ForgetBody = z.output<typeof ForgetBody>

export interface ForgetScope {
  dataset: DatasetName
  spec: DatasetConfig
  /** The days expected of each symbol: they are never forgotten. */
  ranges: SymbolRange[]
  symbol: string | null
  /** Days later than the as-of day may be wanted yet. */
  asof: Dt
  isInWindow(dt: Dt): boolean
}

/** Throws RequestError 404 for a dataset whose entry is gone: without it nobody knows what its files look like. */
export function scopesOf(node: Node, { dataset, symbol, before, after }: ForgetBody): ForgetScope[] {
  if (before !== undefined && after !== undefined && after >= before) {
    throw new RequestError(400, `after: no day lies after ${after} and before ${before}`)
  }
  const asof = asofAt(node.now())
  const { disabledDatasets, stated, universe } = node.config
  // As the user states it: a life that vendors state narrows what is asked for, never what is kept.
  const wanted = { ...node.config, universe: stated ?? universe }
  const known = [
    ...datasetsOf(node.config).map((one) => ({ ...one, ranges: symbolRanges(wanted, one.spec, asof) })),
    ...datasetsOf({ ...node.config, datasets: disabledDatasets }).map((one) => ({ ...one, ranges: [] })),
  ]
  const named = known.filter((one) => dataset === undefined || one.dataset === dataset)
  if (named.length === 0) {
    throw new RequestError(
      404,
      `no dataset ${JSON.stringify(dataset)} in datasets.yaml: to forget one that you removed, put its entry back with enabled: false`,
    )
  }
  const isInWindow = (dt: Dt): boolean =>
    dt <= asof && (before === undefined || dt < before) && (after === undefined || dt > after)
  return named.map((one) => ({ ...one, symbol: symbol ?? null, asof, isInWindow }))
}

/** Why cells of the symbol that the request names stay, in words. */
export function refusalsOf(scopes: readonly ForgetScope[], { before, after }: ForgetBody): string[] {
  return scopes.flatMap(({ dataset, symbol, ranges }) => {
    const range = ranges.find((one) => one.symbol === symbol)
    const isAsked =
      range && (before === undefined || range.fromDt < before) && (after === undefined || range.toDt > after)
    if (!isAsked) return []
    return [
      `${symbol} of ${dataset} is expected from ${range.fromDt} to ${range.toDt}: these cells stay. ` +
        'Remove the symbol, shorten the depth or disable the dataset first',
    ]
  })
}
