/** What the manifests of one vendor's dataset say in the end: the hash of each file, and which cells they tell of. */
import { join } from 'node:path'
import { z } from 'zod'
import { namesIn } from '../_lake/disk.ts'
import { type LineFile, lineFileAt, lineFileName, linesOf, plainLength } from '../_lake/line-files.ts'
import { parsedLine } from '../_lake/line-reader.ts'
import { manifestRoot } from '../_lake/paths.ts'
import type { DatasetName } from '../_market/cell.ts'
import { dayBit, monthOf } from '../_market/dt.ts'
import type { VerifyContext } from './check.ts'

export interface ManifestIndex {
  /** sha256 of the file when the newest line of its path was written; undefined where no line tells of it. `path` is relative to the root. */
  sha256Of(path: string): string | undefined
  /** Does a line tell of the cell, and none after it that the cell was lost? */
  tellsOf(symbol: string, dt: string): boolean
}

/** The part of a line that is looked at here: lines are checked one by one elsewhere. */
const Line = z.object({
  /** Absent where the line is of a whole file. */
  symbol: z.string().optional(),
  dt: z.string(),
  path: z.string(),
  sha256: z.string().optional(),
  verdict: z.string().optional(),
})

/** The indexes of one dataset, by vendor, each with what it was made of. */
interface Kept {
  dataset: DatasetName
  byVendor: Map<string, { made: string; index: ManifestIndex }>
}

/**
 * Reads all manifests of the dataset in the order of their days. The indexes of one dataset are kept until another is asked for, or a manifest
 * has grown: a file costs some two hundred bytes, a month of a symbol a hundred.
 */
export async function manifestIndex(
  { lake, memo }: VerifyContext,
  vendor: string,
  dataset: DatasetName,
): Promise<ManifestIndex> {
  const before = memo.get('manifest indexes') as Kept | undefined
  const kept: Kept = before?.dataset === dataset ? before : { dataset, byVendor: new Map() }
  memo.set('manifest indexes', kept)
  const files = await manifestsOf(lake.root, vendor, dataset)
  const made = (await Promise.all(files.map(plainLength))).map((bytes, at) => `${files[at]?.form} ${bytes}`).join(' ')
  const known = kept.byVendor.get(vendor)
  if (known?.made === made) return known.index
  const index = await readIndex(files)
  kept.byVendor.set(vendor, { made, index })
  return index
}

/** Manifests and lists of adopted cells, each by day. */
async function manifestsOf(root: string, vendor: string, dataset: DatasetName): Promise<LineFile[]> {
  const folder = join(manifestRoot(root), vendor, dataset)
  const files = await Promise.all((await namesOf(folder)).sort(byDay).map((name) => lineFileAt(join(folder, name))))
  return files.filter((file) => file !== null)
}

/** The names of the plain forms in a folder, each once. */
const namesOf = async (folder: string): Promise<string[]> => [
  ...new Set((await namesIn(folder)).map((name) => name.replace(/\.gz$/, '')).filter((name) => lineFileName(name))),
]

/** `vendor/dataset/name` of every manifest, whichever form it has, relative to their root. */
export async function manifestNames({ lake }: VerifyContext): Promise<string[]> {
  const root = manifestRoot(lake.root)
  const found: string[] = []
  for (const vendor of await namesIn(root)) {
    for (const dataset of await namesIn(join(root, vendor))) {
      for (const name of await namesOf(join(root, vendor, dataset))) found.push(join(vendor, dataset, name))
    }
  }
  return found
}

/** What was adopted on a day is older than what was delivered on it. */
const byDay = (a: string, b: string): number => {
  const [one, other] = [a, b].map((name) => `${name.replace(/^\D+/, '')}${name}`) as [string, string]
  return one < other ? -1 : 1
}

async function readIndex(files: readonly LineFile[]): Promise<ManifestIndex> {
  const hashes = new Map<string, string>()
  const masks = new Map<string, number>()
  for (const file of files) {
    for await (const raw of linesOf(file, 0)) {
      const read = parsedLine(Line, raw)
      if ('bad' in read) continue
      const line = read.value
      if (line.symbol !== undefined) {
        const key = `${line.symbol} ${monthOf(line.dt)}`
        const bit = dayBit(line.dt)
        const mask = masks.get(key) ?? 0
        masks.set(key, line.verdict === 'set_aside' ? mask & ~bit : mask | bit)
      }
      if (line.sha256 !== undefined) hashes.set(line.path, line.sha256)
    }
  }
  return {
    sha256Of: (path) => hashes.get(path),
    tellsOf: (symbol, dt) => ((masks.get(`${symbol} ${monthOf(dt)}`) ?? 0) & dayBit(dt)) !== 0,
  }
}
