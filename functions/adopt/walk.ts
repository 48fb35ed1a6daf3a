/** Walks the raw files of one vendor's dataset in one fixed order, from a place on. Looks at names and sizes, opens nothing. */
import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { DatasetConfig } from '../../config/schema.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import type { Zone } from '../_calendar/zone.ts'
import { codeOf, eachBounded } from '../_lake/disk.ts'
import { CELL_FOLDER, isAside } from '../_lake/paths.ts'
import { decodeSymbol } from '../_lake/symbol-name.ts'
import { isTemp } from '../_lake/temp-names.ts'
import { SymbolText } from '../_market/cell.ts'
import { type Dt, isDt } from '../_market/dt.ts'
import type { Problem, ProblemKind } from './problems.ts'
import type { Tree } from './trees.ts'

/** A file whose place makes sense. */
export interface RawFile {
  /** Absolute. */
  file: string
  /** Relative to the root of the data. */
  path: string
  dt: Dt
  /** The cell's symbol; null where the symbols of a day share the file. */
  symbol: string | null
  bytes: number
  /** Of its stamps that carry none, once that is known. */
  zone?: Zone
}

/** One thing met on the way, at its place below the dataset's folder: a file to take over, or why not. */
export type Met = { place: string; raw: RawFile } | { place: string; problem: Problem }

const DATA = 'data.parquet'
const ASIDE = 'the node could not read it and put it aside: its cells are asked for again'
/** Folders looked into ahead of the reader. */
const AHEAD = 256
const LISTINGS = 8

/**
 * Everything after `after` (a place, or null for the beginning), by day and then by name. A day that cannot hold data is one problem, whatever
 * lies in it. `now` (epoch ms) tells which sessions are over.
 */
export async function* walk(tree: Tree, after: string | null, now: number): AsyncGenerator<Met> {
  const [afterDay = '', afterName = ''] = after?.split('/') ?? []
  for (const entry of await entriesIn(tree.folder)) {
    if (entry.name < afterDay || (entry.name === afterDay && afterName === '')) continue
    const fault = dayFault(tree.spec, entry, now)
    if (fault) yield { place: entry.name, problem: problemAt(tree, entry.name, ...fault) }
    else yield* walkDay(tree, entry.name, entry.name === afterDay ? afterName : '')
  }
}

async function* walkDay(tree: Tree, day: string, afterName: string): AsyncGenerator<Met> {
  const entries = (await entriesIn(join(tree.folder, day))).filter(({ name }) => name > afterName)
  for (let from = 0; from < entries.length; from += AHEAD) {
    const part = entries.slice(from, from + AHEAD)
    const met: Met[][] = part.map(() => [])
    await eachBounded(part, LISTINGS, async (entry, at) => {
      met[at] = await lookAt(tree, day, entry).catch((error: unknown) => refused(tree, `${day}/${entry.name}`, error))
    })
    for (const found of met) yield* found
  }
}

/** What one entry of a day is; more than one thing where a cell's folder holds more than its file. */
async function lookAt(tree: Tree, day: string, entry: Dirent): Promise<Met[]> {
  const place = `${day}/${entry.name}`
  const leave = (at: string, kind: ProblemKind, what: string): Met => ({
    place,
    problem: problemAt(tree, at, kind, what),
  })
  const dt = day.slice('date='.length)
  if (entry.isSymbolicLink()) return [leave(place, 'symlink', 'a symbolic link is not followed')]
  if (entry.isFile() && entry.name === DATA) return [await sized(tree, place, place, dt, null)]
  if (entry.isFile() && isAside(entry.name)) return [leave(place, 'set_aside', ASIDE)]
  const own = entry.isDirectory() ? CELL_FOLDER.exec(entry.name) : null
  if (!own) return [leave(place, 'unexpected', `expected ${DATA}, symbol=… or underlier=…`)]
  const symbol = symbolOf(tree.spec, own[1] as string)
  if (symbol === null) return [leave(place, 'symbol', symbolFault(tree.spec, own[1] as string))]
  const found: Met[] = []
  for (const inner of await entriesIn(join(tree.folder, place))) {
    const at = `${place}/${inner.name}`
    if (inner.isSymbolicLink()) found.push(leave(at, 'symlink', 'a symbolic link is not followed'))
    else if (inner.isFile() && inner.name === DATA) found.push(await sized(tree, place, at, dt, symbol))
    else if (inner.isFile() && isAside(inner.name)) found.push(leave(at, 'set_aside', ASIDE))
    else found.push(leave(at, 'unexpected', `expected only ${DATA} here`))
  }
  return found
}

/** What the disk does not let us look at (a permission, a file that went away) is one file's problem, not the walk's. */
function refused(tree: Tree, place: string, error: unknown): Met[] {
  const code = codeOf(error)
  if (code === undefined) throw error
  return [{ place, problem: problemAt(tree, place, 'unreadable', `the disk refuses: ${code}`) }]
}

async function sized(tree: Tree, place: string, at: string, dt: Dt, symbol: string | null): Promise<Met> {
  const file = join(tree.folder, at)
  const { size } = await lstat(file)
  if (size === 0) return { place, problem: problemAt(tree, at, 'empty', 'the file has no bytes') }
  return { place, raw: { file, path: relative(tree.root, file), dt, symbol, bytes: size } }
}

/** Why a day's folder holds nothing to take over; null when it may. */
function dayFault(spec: DatasetConfig, entry: Dirent, now: number): [ProblemKind, string] | null {
  if (entry.isSymbolicLink()) return ['symlink', 'a symbolic link is not followed']
  const dt = entry.name.slice('date='.length)
  if (!entry.isDirectory() || !entry.name.startsWith('date=')) return ['unexpected', 'expected folders date=YYYY-MM-DD']
  if (!isDt(dt)) return ['day', `${dt} is no day`]
  const calendar = calendarOf(spec.calendar)
  if (dt < calendar.first || dt > calendar.last) {
    return ['day', `the ${calendar.name} calendar is vouched for from ${calendar.first} to ${calendar.last}`]
  }
  const session = calendar.session(dt)
  if (!session) return ['day', `${dt} is no session of the ${calendar.name} calendar`]
  // A file of a running day holds half of it: once adopted, the day would never be asked for.
  return session.close > now ? ['day', `the session of ${dt} is not over`] : null
}

function symbolFault({ universe, groups }: DatasetConfig, name: string): string {
  const expected =
    universe === 'groups'
      ? `one of ${Object.keys(groups ?? {}).join(', ')}`
      : 'a ticker in capitals such as BRK.B, any other character written as %XX'
  return `${name} is no symbol of this dataset, as a folder is named: expected ${expected}`
}

/** The symbol a folder names; null when it is none, or no group of a dataset that has groups. */
function symbolOf(spec: DatasetConfig, name: string): string | null {
  try {
    const symbol = SymbolText.safeParse(decodeSymbol(name)).data
    if (symbol === undefined || (spec.universe === 'groups' && !Object.hasOwn(spec.groups ?? {}, symbol))) return null
    return symbol
  } catch {
    return null
  }
}

const problemAt = (tree: Tree, at: string, kind: ProblemKind, what: string): Problem => ({
  kind,
  path: relative(tree.root, join(tree.folder, at)),
  what,
})

/** What is in a folder, by name; temp files of a writer at work are not there yet. A folder that went away is empty. */
async function entriesIn(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
  return entries.filter(({ name }) => !isTemp(name)).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}
