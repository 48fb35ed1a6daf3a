/** Compares one day's cells in the database with its files: cells without a file become gaps, files without a cell are named. */
import { dirname, join, relative } from 'node:path'
import type { DatasetConfig } from '../../config/schema.ts'
import { invalidateCells } from '../../db/manifests/invalidate-cells.ts'
import { type StoredCellVersion, storedVersionsOfDay } from '../../db/manifests/stored-versions.ts'
import type { NodeContext } from '../_catalog/context.ts'
import { namesIn } from '../_lake/disk.ts'
import { withLock } from '../_lake/keyed-lock.ts'
import { fileSizes } from '../_lake/list-raw-files.ts'
import { rawFile, symbolOfFolder } from '../_lake/paths.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { invalidatedCell } from './replay-manifests.ts'
import { asideLine, writeAside } from './set-aside.ts'

export interface CheckedDay {
  /** The files of the day, absolute. */
  paths: string[]
  /** Cells that the database claims and whose file is there. */
  cells: number
  lost: number
  /** Files that hold no cell of the database, relative to the root. */
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
  context: NodeContext,
  { dataset, spec }: { dataset: DatasetName; spec: DatasetConfig },
  dt: Dt,
  vendors: readonly string[],
): Promise<CheckedDay> {
  const checked: CheckedDay = { paths: [], cells: 0, lost: 0, unclaimed: [] }
  const claiming = (await storedVersionsOfDay(context.db, dataset, dt)).map(({ vendor }) => vendor)
  for (const vendor of new Set([...vendors, ...claiming])) {
    // The same turn as the answers that are kept: a file is not looked for while it is being written.
    await withLock(`${context.lake.root} ${vendor} ${dataset}`, async () => {
      const storedVersions = (await storedVersionsOfDay(context.db, dataset, dt)).filter(
        (version) => version.vendor === vendor,
      )
      const files = await filesOf(context.lake.root, vendor, dataset, dt)
      const gone = files.shared === null ? storedVersions.filter(({ symbol }) => !files.bySymbol.has(symbol)) : []
      await loseGone(context, { dataset, spec }, vendor, dt, gone)
      checked.paths.push(...(files.shared === null ? [] : [files.shared]), ...files.bySymbol.values())
      checked.cells += storedVersions.length - gone.length
      checked.lost += gone.length
      checked.unclaimed.push(...unclaimedOf(files, storedVersions).map((file) => relative(context.lake.root, file)))
    })
  }
  return checked
}

async function loseGone(
  context: NodeContext,
  { dataset, spec }: { dataset: DatasetName; spec: DatasetConfig },
  vendor: string,
  dt: Dt,
  gone: readonly StoredCellVersion[],
): Promise<void> {
  if (gone.length === 0) return
  const { root } = context.lake
  const lines = gone.map((version) => {
    const path = rawFile(root, vendor, dataset, spec.raw_layout, dt, version.symbol)
    return asideLine(context, dataset, dt, version, 'gone', path)
  })
  await writeAside(context, vendor, dataset, lines)
  const cells = lines.map((line) => invalidatedCell(spec, line))
  await invalidateCells(context.db, vendor, dataset, cells, context.now())
  context.log('raw.file_missing', { vendor, dataset, dt, cells: gone.length })
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

function unclaimedOf({ shared, bySymbol }: DayFiles, storedVersions: readonly StoredCellVersion[]): string[] {
  const claimed = new Set(storedVersions.map(({ symbol }) => symbol))
  const own = [...bySymbol].filter(([symbol]) => !claimed.has(symbol)).map(([, file]) => file)
  return shared !== null && storedVersions.length === 0 ? [shared, ...own] : own
}
