/** Which cells a set of files holds: by the path where a file is one cell, by its symbol column where a day's symbols share it. */
import { relative } from 'node:path'
import type { Zone } from '../_calendar/zone.ts'
import { perReadable, readableFooters } from '../_lake/bisect-unreadable.ts'
import { type ColumnMapping, columnMappingOf } from '../_lake/column-mapping.ts'
import type { Duck } from '../_lake/duck.ts'
import type { Footer } from '../_lake/footers.ts'
import { mappedRowsSql } from '../_lake/raw-rows-sql.ts'
import { stampZones } from '../_lake/stamp-zone.ts'
import { notedZones, zoneNotesFile } from '../_lake/zone-notes.ts'
import { SymbolText } from '../_market/cell.ts'
import type { Problem } from './problems.ts'
import type { Tree } from './trees.ts'
import type { RawFile } from './walk.ts'

/** One cell as it lies in a file. */
export interface CellInFile {
  raw: RawFile
  symbol: string
  /** Rows stored, repeated ones too; null when nobody looked. */
  rows: number | null
}

/** Files of one shape and how they are read. */
export interface ReadableFiles {
  mapping: ColumnMapping
  raws: RawFile[]
}

/** What the names alone say. A dataset of a single group needs no symbol in its path. */
export function cellsByName(tree: Tree, raws: readonly RawFile[], leave: (problem: Problem) => void): CellInFile[] {
  const groups = tree.spec.universe === 'groups' ? Object.keys(tree.spec.groups ?? {}) : []
  const only = groups.length === 1 ? groups[0] : undefined
  const cells: CellInFile[] = []
  for (const raw of raws) {
    const symbol = raw.symbol ?? only
    if (symbol !== undefined) cells.push({ raw, symbol, rows: null })
    else
      leave({
        kind: 'needs_footers',
        path: raw.path,
        what: 'its path names no symbol, they are in the file: call adopt again with "verify": "footers"',
      })
  }
  return cells
}

/** The files that can be read as ours, by shape; the others are left with a reason. */
export async function readableFiles(
  duck: Duck,
  tree: Tree,
  raws: readonly RawFile[],
  told: Zone | null,
  leave: (problem: Problem) => void,
): Promise<{ groups: ReadableFiles[]; rowsOf: Map<string, number> }> {
  const byFile = new Map(raws.map((raw) => [raw.file, raw]))
  const refuse = refusing(byFile, leave)
  const footers = await readableFooters(duck, [...byFile.keys()], refuse)
  const groups = new Map<string, ReadableFiles>()
  const rowsOf = new Map<string, number>()
  // In the order of the walk: footers come in none.
  for (const raw of raws) {
    const footer = footers.get(raw.file)
    if (!footer) continue
    const group = groupOf(groups, tree, footer)
    if (footer.rows <= 0) leave({ kind: 'no_rows', path: raw.path, what: 'the file holds no row' })
    else if (group.mapping.fault) leave({ kind: 'columns', path: raw.path, what: group.mapping.fault })
    else if (raw.symbol === null && group.mapping.symbol === null) {
      leave({
        kind: 'columns',
        path: raw.path,
        what: 'no column for symbol, and the path names none: expected a column symbol or ticker, or a folder symbol=…',
      })
    } else {
      group.raws.push(raw)
      rowsOf.set(raw.file, footer.rows)
    }
  }
  for (const group of groups.values()) group.raws = await zonedFiles(duck, tree, group, told, leave)
  return { groups: [...groups.values()].filter(({ raws }) => raws.length > 0), rowsOf }
}

/** The files of a group with the zone of their stamps; those of which nobody can tell it are left. What was said when a file was adopted before holds. */
async function zonedFiles(
  duck: Duck,
  tree: Tree,
  { mapping, raws }: ReadableFiles,
  told: Zone | null,
  leave: (problem: Problem) => void,
): Promise<RawFile[]> {
  if (mapping.zoneless === null) return raws
  const { vendor, dataset } = tree
  const noted = await notedZones(
    tree.root,
    raws.map(({ file, dt }) => ({ file, dt, vendor, dataset })),
  )
  const byFile = new Map(raws.map((raw) => [raw.file, raw]))
  const zoned: RawFile[] = []
  await perReadable(
    [...byFile.keys()],
    async (files) => {
      const part = picked(byFile, files)
      const zones = await stampZones(duck, tree.spec, mapping, part, ({ file }) => noted.get(file) ?? told)
      for (const raw of part) {
        const found = zones.get(raw.file)
        const before = noted.get(raw.file)
        if (found === undefined) throw new Error(`expected the zone of ${raw.path}, got none`)
        if (found.zone === null) leave({ kind: 'zone', path: raw.path, what: found.doubt })
        else if (told !== null && before !== undefined && before !== told) {
          const notes = relative(tree.root, zoneNotesFile(tree.root, vendor, dataset, raw.dt))
          const what = `its stamps were adopted as ${before} before, not as ${told}: leave "zone" out, or take its line out of ${notes}`
          leave({ kind: 'zone', path: raw.path, what })
        } else zoned.push({ ...raw, zone: found.zone })
      }
    },
    refusing(byFile, leave),
  )
  return zoned
}

function groupOf(groups: Map<string, ReadableFiles>, tree: Tree, { shape, columns }: Footer): ReadableFiles {
  const known = groups.get(shape)
  if (known !== undefined) return known
  const group = { mapping: columnMappingOf(tree.spec, columns), raws: [] }
  groups.set(shape, group)
  return group
}

/** The cells of readable files. Symbols of a shared file that cannot be ours are left, its other cells are not. */
export async function cellsOf(
  duck: Duck,
  tree: Tree,
  { groups, rowsOf }: { groups: ReadableFiles[]; rowsOf: Map<string, number> },
  leave: (problem: Problem) => void,
): Promise<CellInFile[]> {
  const cells: CellInFile[] = []
  for (const { mapping, raws } of groups) {
    const shared = new Map<string, RawFile>()
    for (const raw of raws) {
      if (raw.symbol === null) shared.set(raw.file, raw)
      else cells.push({ raw, symbol: raw.symbol, rows: rowsOf.get(raw.file) ?? null })
    }
    const counted = await countShared(duck, mapping, shared, refusing(shared, leave))
    for (const [file, counts] of counted) {
      const raw = shared.get(file) as RawFile
      let held = 0
      for (const { symbol, rows } of counts) {
        // Of yields the series that nobody collects are left out, as curation leaves them.
        if (symbol === null && tree.spec.universe === 'groups') continue
        held++
        if (SymbolText.safeParse(symbol).success && symbol !== null) cells.push({ raw, symbol, rows })
        else
          leave({
            kind: 'symbol',
            path: raw.path,
            what: `${rows} rows of ${JSON.stringify(symbol)}, which is no symbol: expected capitals, digits and . or -`,
          })
      }
      if (held === 0)
        leave({ kind: 'no_rows', path: raw.path, what: 'the file holds no row of a series that is collected' })
    }
  }
  return cells
}

async function countShared(
  duck: Duck,
  mapping: ColumnMapping,
  shared: ReadonlyMap<string, RawFile>,
  refuse: (file: string, reason: string) => void,
): Promise<Map<string, { symbol: string | null; rows: number }[]>> {
  const counted = new Map<string, { symbol: string | null; rows: number }[]>()
  await perReadable(
    [...shared.keys()],
    async (files) => {
      const found = await duck.all<{ filename: string; symbol: string | null; rows: number }>(
        `SELECT filename, symbol, count(*) AS rows FROM ${mappedRowsSql(mapping, picked(shared, files))}
         GROUP BY filename, symbol ORDER BY filename, symbol`,
      )
      for (const file of files) counted.set(file, [])
      for (const { filename, symbol, rows } of found) counted.get(filename)?.push({ symbol, rows })
    },
    refuse,
  )
  return counted
}

/** The entries of a map under some of its keys. */
export const picked = <T>(all: ReadonlyMap<string, T>, keys: readonly string[]): T[] =>
  keys.flatMap((key) => all.get(key) ?? [])

/** Turns what a query could not read into a problem of its file. */
export const refusing =
  (byFile: ReadonlyMap<string, RawFile>, leave: (problem: Problem) => void) =>
  (file: string, reason: string): void => {
    leave({ kind: 'unreadable', path: byFile.get(file)?.path ?? file, what: reason })
  }
