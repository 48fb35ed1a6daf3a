/** Earlier tickers out of the curated corporate actions: what vendors filed as name changes. */
import { listRecords } from '../../db/partitions/list-records.ts'
import { type FiledTickers, recordFiled } from '../../db/symbol-references/record-filed.ts'
import { readMerged } from '../_actions/read-merged.ts'
import type { NodeContext } from '../_catalog/context.ts'
import { curatedFile } from '../_lake/paths.ts'
import { SymbolText } from '../_market/cell.ts'
import { addDays, type Dt } from '../_market/dt.ts'
import { statedOf } from './apply-references.ts'
import { areAlike } from './life.ts'

type NameChange = {
  vendor: string
  symbol: string
  effective: Dt
  earlier: string
}

/** Reads a file a year of corporate actions, whose rows name every vendor that states them; nothing where the dataset is not collected. Rejects with DuckDB's error where one is damaged. */
export async function keepFiledTickers(context: NodeContext): Promise<void> {
  const { config, db, lake, now } = context
  const spec = config.datasets.corporate_actions
  if (spec === undefined) return
  const files = (await listRecords(db, 'corporate_actions'))
    .filter(({ curatedSha256 }) => curatedSha256 !== null)
    .map(({ partition }) => curatedFile(lake.root, 'corporate_actions', spec.partition, partition))
  if (files.length === 0) return
  const changes = await lake.duck.all<NameChange>(
    `SELECT vendor, symbol, effective, earlier FROM (
       SELECT unnest(list_distinct(coalesce(regexp_extract_all(sources, '(?:^|,)([a-z][a-z0-9_]*):', 1), [vendor]))) AS vendor, symbol,
         effective_date::VARCHAR AS effective, other_symbol AS earlier
       FROM ${readMerged(files)} WHERE kind = 'name_change' AND other_symbol IS NOT NULL AND other_symbol <> symbol)
     ORDER BY vendor, symbol, effective, earlier`,
  )
  const known = new Set(statedOf(context).map(({ symbol }) => symbol))
  await recordFiled(db, filedTickers(changes.filter(({ symbol }) => known.has(symbol))), now())
}

/** `changes` are sorted. One action that was filed twice, with days a little apart, is one. */
function filedTickers(changes: readonly NameChange[]): FiledTickers[] {
  const filed = new Map<string, FiledTickers>()
  for (const { vendor, symbol, effective, earlier } of changes) {
    if (!SymbolText.safeParse(earlier).success) continue
    const key = `${vendor} ${symbol}`
    const one = filed.get(key) ?? { vendor, symbol, tickers: [] }
    filed.set(key, one)
    const to = addDays(effective, -1)
    if (!one.tickers.some((ticker) => ticker.symbol === earlier && areAlike(ticker.to, to)))
      one.tickers.push({ symbol: earlier, to })
  }
  return [...filed.values()]
}
