/** Compares what the memory claims of one day with the files there are: cells without a file become gaps, files without a cell are named. */
import { dirname, join, relative } from 'node:path'
import type { DatasetConfig } from '../../config/schema.ts'
import { type Claim, claimsOfDay } from '../../db/manifests/claims.ts'
import { loseCells } from '../../db/manifests/lose-cells.ts'
import { inTurn } from '../_lake/in-turn.ts'
import { rawFile, symbolOfFolder } from '../_lake/paths.ts'
import { fileSizes, namesIn } from '../_lake/raw-days.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import type { Keeper } from './keeper.ts'
import { lostCell } from './replay-manifests.ts'
import { asideLine, writeAside } from './set-aside.ts'

export interface CheckedDay {
  /** The files of the day, absolute. */
  paths: string[]
  /** Cells the memory claims and whose file is there. */
  cells: number
  lost: number
  /** Files that hold nothing the memory claims, relative to the root. */
  unclaimed: string[]
}

/** The files of one vendor's day. */
interface DayFiles {
  shared: string | null
  bySymbol: Map<string, string>
}

/**
 * `vendors` are those whose folders are looked at beside those with claims. A cell may be in the file that its day's symbols share, and nobody looks
 * inside: names alone are compared. Safe to kill and to repeat.
 */
export async function checkDay(
  keeper: Keeper,
  { dataset, spec }: { dataset: DatasetName; spec: DatasetConfig },
  dt: Dt,
  vendors: readonly string[],
): Promise<CheckedDay> {
  const checked: CheckedDay = { paths: [], cells: 0, lost: 0, unclaimed: [] }
  const claiming = (await claimsOfDay(keeper.db, dataset, dt)).map(({ vendor }) => vendor)
  for (const vendor of new Set([...vendors, ...claiming])) {
    // The same turn as the answers that are kept: a file is not looked for while it is being written.
    await inTurn(`${keeper.lake.root} ${vendor} ${dataset}`, async () => {
      const claims = (await claimsOfDay(keeper.db, dataset, dt)).filter((claim) => claim.vendor === vendor)
      const files = await filesOf(keeper.lake.root, vendor, dataset, dt)
      const gone = files.shared === null ? claims.filter(({ symbol }) => !files.bySymbol.has(symbol)) : []
      await loseGone(keeper, { dataset, spec }, vendor, dt, gone)
      checked.paths.push(...(files.shared === null ? [] : [files.shared]), ...files.bySymbol.values())
      checked.cells += claims.length - gone.length
      checked.lost += gone.length
      checked.unclaimed.push(...unclaimedOf(files, claims).map((file) => relative(keeper.lake.root, file)))
    })
  }
  return checked
}

async function loseGone(
  keeper: Keeper,
  { dataset, spec }: { dataset: DatasetName; spec: DatasetConfig },
  vendor: string,
  dt: Dt,
  gone: readonly Claim[],
): Promise<void> {
  if (gone.length === 0) return
  const { root } = keeper.lake
  const lines = gone.map((claim) => {
    const path = rawFile(root, vendor, dataset, spec.raw_layout, dt, claim.symbol)
    return asideLine(keeper, dataset, dt, claim, 'gone', path)
  })
  await writeAside(keeper, vendor, dataset, lines)
  const cells = lines.map((line) => lostCell(spec, line))
  await loseCells(keeper.db, vendor, dataset, cells, keeper.now())
  keeper.log('raw.gone', { vendor, dataset, dt, cells: gone.length })
}

async function filesOf(root: string, vendor: string, dataset: DatasetName, dt: Dt): Promise<DayFiles> {
  const shared = rawFile(root, vendor, dataset, 'date', dt, 'ANY')
  const folder = dirname(shared)
  const candidates = (await namesIn(folder)).flatMap((name) => {
    const symbol = symbolOfFolder(name)
    return symbol === null ? [] : [{ symbol, file: join(folder, name, 'data.parquet') }]
  })
  const there = await fileSizes([shared, ...candidates.map(({ file }) => file)])
  const own = candidates.filter(({ file }) => there.has(file))
  return {
    shared: there.has(shared) ? shared : null,
    bySymbol: new Map(own.map(({ symbol, file }) => [symbol, file])),
  }
}

function unclaimedOf({ shared, bySymbol }: DayFiles, claims: readonly Claim[]): string[] {
  const claimed = new Set(claims.map(({ symbol }) => symbol))
  const own = [...bySymbol].filter(([symbol]) => !claimed.has(symbol)).map(([, file]) => file)
  return shared !== null && claims.length === 0 ? [shared, ...own] : own
}
