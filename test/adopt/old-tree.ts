/** An older node's raw tree: Parquet files of any columns, written by DuckDB as SQL says, at any place below a root. */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { Duck } from '../../functions/_lake/duck.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'

/** Writes one file with the rows of a query. `place` is below `raw/`. */
export async function oldFile(duck: Duck, root: string, place: string, sql: string): Promise<string> {
  const path = join(root, 'raw', place)
  await mkdir(dirname(path), { recursive: true })
  await duck.run(`COPY (${sql}) TO ${sqlText(path)} (FORMAT parquet)`)
  return path
}

/** Writes bytes that need not be Parquet. */
export async function oldBytes(root: string, place: string, bytes: Uint8Array | string): Promise<string> {
  const path = join(root, 'raw', place)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, bytes)
  return path
}

/** One daily bar as an older node wrote it: the day at New York midnight, low and volume of its own, ours otherwise. */
export const dailyBar = (dt: string, more = ''): string =>
  `SELECT TIMESTAMP '${dt} 04:00:00' AS ts, 10.0 AS open, 11.0 AS high, 9.${dt.slice(-2)} AS low, 10.5 AS close, 10${dt.slice(-2)}.0 AS volume${more}`

/** Hash of every file below a folder, by path. */
export async function hashesBelow(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const hashes: Record<string, string> = {}
  for (const file of files.sort()) {
    hashes[relative(folder, file)] = createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
  }
  return hashes
}
