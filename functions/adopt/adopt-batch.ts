/** Takes over one batch of raw files: what they hold, the lines that say so, then the cells, and with the last of them how far the walk has come. */
import type { DatasetConfig } from '../../config/schema.ts'
import { type AdoptedCell, recordAdopted } from '../../db/adoptions/record-adopted.ts'
import type { Db } from '../../db/client.ts'
import { fileKey, hashesOfFiles, recordHashes } from '../../db/raw-files/raw-files.ts'
import type { Zone } from '../_calendar/zone.ts'
import type { Duck } from '../_lake/duck.ts'
import { fileKeyOf } from '../_lake/file-hashes.ts'
import { withLock } from '../_lake/keyed-lock.ts'
import { noteZones } from '../_lake/zone-notes.ts'
import { cellKey } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { coverageKey } from '../_recovery/coverage-key.ts'
import { type CellInFile, cellsByName, cellsOf, readableFiles } from './cells.ts'
import { knownCells, type Verify } from './known.ts'
import { appendRead, appendUnread } from './lines.ts'
import type { Problem } from './problems.ts'
import { type ReadCell, readCells } from './rows.ts'
import type { Tree } from './trees.ts'
import type { RawFile } from './walk.ts'

export interface Batch {
  tree: Tree
  verify: Verify
  /** Said of stamps that carry no zone. */
  zone: Zone | null
  raws: RawFile[]
  /** The place the walk has reached with it. */
  place: string
}

export interface AdoptedTotals {
  /** Files with at least one cell that is new to the database. */
  adopted: number
  /** Files whose cells are all in the database already. */
  known: number
  cells: number
  /** Rows of the new cells, where they were counted. */
  rows: number
}

/** Files go by the same turn as the answers that are kept: a file that is just being replaced is not read half old and half new. */
export async function adoptBatch(
  { db, duck }: { db: Db; duck: Duck },
  batch: Batch,
  leave: (problem: Problem) => void,
  now: number,
): Promise<AdoptedTotals> {
  const { tree, verify, place } = batch
  return withLock(`${tree.root} ${tree.vendor} ${tree.dataset}`, async () => {
    const { fresh, known } = await looked(db, duck, batch, leave)
    const step = { walk: { vendor: tree.vendor, dataset: tree.dataset, verify }, place }
    const cells = fresh.map((cell) => adoptedCell(cell, tree.spec, now))
    // The lines first: what the database knows must be written down somewhere that outlives it.
    await noteZones(tree.root, tree, saidZones(batch, fresh), now)
    const mark = await writeDown(tree, fresh, verify, now)
    await recordHashes(db, tree.dataset, hashesOf(tree.root, fresh))
    await recordAdopted(db, { vendor: tree.vendor, dataset: tree.dataset, cells, step, mark, now })
    return {
      adopted: new Set(fresh.map(({ raw }) => raw.file)).size,
      known,
      cells: fresh.length,
      rows: fresh.reduce((sum, { rows }) => sum + (rows ?? 0), 0),
    }
  })
}

type Fresh = CellInFile | ReadCell

/** The zone that somebody said of the files of these cells, where it matters. Of an unopened file nobody knows whether it does: it is noted all the same. */
function saidZones({ verify, zone }: Batch, fresh: readonly Fresh[]): { path: string; dt: Dt; zone: Zone }[] {
  if (zone === null) return []
  const files = new Map(fresh.map(({ raw }) => [raw.path, raw]))
  return [...files.values()]
    .filter((raw) => verify === 'names' || raw.zone !== undefined)
    .map(({ path, dt }) => ({ path, dt, zone }))
}

/** The cells of the batch that are new to the database, read as closely as requested, and how many files hold nothing new. */
async function looked(
  db: Db,
  duck: Duck,
  { tree, verify, zone, raws }: Batch,
  leave: (problem: Problem) => void,
): Promise<{ fresh: Fresh[]; known: number }> {
  // A file of one cell is known by its name: opening it would tell nothing.
  const named = await unknownOf(
    db,
    tree,
    verify,
    raws.flatMap((raw) => (raw.symbol === null ? [] : [{ raw, symbol: raw.symbol }])),
  )
  const own = new Set(named.map(({ raw }) => raw))
  const unread = raws.filter((raw) => raw.symbol === null || own.has(raw))
  const knownByName = raws.length - unread.length
  if (verify === 'names') {
    const told = await withoutRecorded(db, tree, unread)
    const cells = cellsByName(tree, told, leave)
    const fresh = once(await unknownOf(db, tree, verify, cells))
    return { fresh, known: knownByName + unread.length - told.length + filesOf(cells) - filesOf(fresh) }
  }
  const readable = await readableFiles(duck, tree, unread, zone, leave)
  const cells = await cellsOf(duck, tree, readable, leave)
  const fresh = once(await unknownOf(db, tree, verify, cells))
  const known = knownByName + filesOf(cells) - filesOf(fresh)
  if (verify === 'footers') return { fresh, known }
  const read: ReadCell[] = []
  for (const group of readable.groups) read.push(...(await readCells(duck, tree, group, fresh, leave)))
  return { fresh: read, known }
}

/** A file that a day's symbols share and whose hash is known is one that this node wrote, or took over before: names tell nothing more of it. */
async function withoutRecorded(db: Db, tree: Tree, raws: readonly RawFile[]): Promise<RawFile[]> {
  const keyOf = (raw: RawFile) => fileKeyOf(tree.root, raw.file)
  const shared = raws.filter(({ symbol }) => symbol === null)
  const recorded = await hashesOfFiles(db, tree.dataset, shared.map(keyOf))
  return raws.filter((raw) => raw.symbol !== null || !recorded.has(fileKey(keyOf(raw))))
}

async function unknownOf<Cell extends { raw: RawFile; symbol: string }>(
  db: Db,
  tree: Tree,
  verify: Verify,
  cells: readonly Cell[],
): Promise<Cell[]> {
  const asked = cells.map(({ symbol, raw }) => ({ symbol, dt: raw.dt }))
  const known = await knownCells(db, tree, asked, verify)
  return cells.filter(({ symbol, raw }) => !known.has(cellKey(symbol, raw.dt)))
}

/** A cell that lies in two layouts is taken over once. */
function once<Cell extends CellInFile>(cells: readonly Cell[]): Cell[] {
  return [...new Map([...cells].reverse().map((cell) => [cellKey(cell.symbol, cell.raw.dt), cell])).values()].reverse()
}

const filesOf = (cells: readonly CellInFile[]): number => new Set(cells.map(({ raw }) => raw.file)).size

async function writeDown(
  tree: Tree,
  fresh: readonly Fresh[],
  verify: Verify,
  now: number,
): Promise<{ path: string; bytes: number } | null> {
  if (fresh.length === 0) return null
  if (verify !== 'rows') return await appendUnread(tree, fresh, verify, now)
  await appendRead(tree, fresh.filter(isRead), now)
  // Other answers write to the same file: what of it is reflected is not for us to say.
  return null
}

/** What the files of cells that were read hash to; of those that nobody read it is not known. */
const hashesOf = (root: string, fresh: readonly Fresh[]) =>
  [...new Map(fresh.filter(isRead).map(({ raw, sha256 }) => [raw.file, sha256]))].map(([file, hash]) => ({
    ...fileKeyOf(root, file),
    hash,
  }))

const isRead = (cell: Fresh): cell is ReadCell => 'digest' in cell

const adoptedCell = (cell: Fresh, spec: DatasetConfig, now: number): AdoptedCell => ({
  ...coverageKey(spec, cell.symbol, cell.raw.dt),
  rows: cell.rows,
  digest: isRead(cell) ? cell.digest : null,
  at: isRead(cell) ? cell.origin.fetchedAt : now,
})
