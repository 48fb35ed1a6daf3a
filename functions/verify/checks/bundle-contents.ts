/** I7: a bundle holds what its manifest lists and nothing else, no RED cell, and every cell that its ledger vouches for. */
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { DatasetConfig } from '../../../config/schema.ts'
import { bundleDays, MANIFEST, SUMS } from '../../_lake/finished-bundles.ts'
import { isOfAFile } from '../../_lake/footers.ts'
import { readParquet } from '../../_lake/parquet-sql.ts'
import { bundleFolder } from '../../_lake/paths.ts'
import { sqlText } from '../../_lake/sql-text.ts'
import type { DatasetName } from '../../_market/cell.ts'
import { type BundleManifest, bundleManifest, bundleSums } from '../bundle-proof.ts'
import { type Check, type Report, specIn, type VerifyContext } from '../check.ts'
import { sizeOf } from '../files-there.ts'

type Kind =
  | 'bundle-manifest-unreadable'
  | 'bundle-file-missing'
  | 'bundle-file-unlisted'
  | 'bundle-file-size'
  | 'bundle-sums-differ'
  | 'bundle-file-unreadable'
  | 'bundle-red-cell'
  | 'bundle-cell-missing'
  | 'bundle-incomplete'

const ANEW = 'POST /export {"asof":"…"} for its day makes it anew; tell whoever pulled it.'
const LEDGER = 'qc/partition_status.parquet'

export const check: Check<Kind, VerifyContext> = {
  id: 'bundle-contents',
  about: 'the files of bundles against their manifests and sums, and their rows against their ledgers',
  mode: 'exact',
  needsDb: false,
  kinds: {
    'bundle-manifest-unreadable': {
      invariant: 'I7',
      severity: 'error',
      means: 'the manifest of a bundle cannot be read',
      todo: ANEW,
    },
    'bundle-file-missing': { invariant: 'I7', severity: 'error', means: 'a bundle lacks a file', todo: ANEW },
    'bundle-file-unlisted': {
      invariant: 'I7',
      severity: 'error',
      means: 'a bundle holds a file that its manifest does not list',
      todo: ANEW,
    },
    'bundle-file-size': {
      invariant: 'I7',
      severity: 'error',
      means: 'a file of a bundle has another size',
      todo: ANEW,
    },
    'bundle-sums-differ': {
      invariant: 'I7',
      severity: 'error',
      means: 'the sums of a bundle are not those of its manifest',
      todo: ANEW,
    },
    'bundle-file-unreadable': {
      invariant: 'I2',
      severity: 'error',
      means: 'files of a bundle cannot be read',
      todo: ANEW,
    },
    'bundle-red-cell': {
      invariant: 'I7',
      severity: 'error',
      means: 'a bundle holds rows of a cell that its ledger calls RED, or does not know',
      todo: ANEW,
    },
    'bundle-cell-missing': {
      invariant: 'I7',
      severity: 'error',
      means:
        'the ledger of a bundle vouches for a cell whose rows are not in the bundle, and the manifest does not say so',
      todo: ANEW,
    },
    'bundle-incomplete': {
      invariant: 'I14',
      severity: 'warning',
      means: 'a bundle lacks cells, and its manifest names them',
      todo: 'The next night asks for them again; read MANIFEST.json of the bundle.',
    },
  },
  places: ({ lake }) => bundleDays(lake.exportRoot),
  async look(context, place, report) {
    const folder = bundleFolder(context.lake.exportRoot, place)
    const manifest = await bundleManifest(context, place)
    const where = (path: string): string => join('nightly', place, path)
    if (manifest === null) {
      if ((await sizeOf(join(folder, MANIFEST))) !== null)
        report('bundle-manifest-unreadable', where(MANIFEST), 'a manifest', 'another text')
      return 1
    }
    await compareFiles(folder, manifest, where, report)
    await compareSums(context, place, manifest, where, report)
    if (manifest.complete === false) report('bundle-incomplete', where(''), 'complete', 'complete: false')
    try {
      await compareCells(context, folder, manifest, where, report)
    } catch (error) {
      if (!isOfAFile(error)) throw error
      report('bundle-file-unreadable', where(''), 'readable files', firstLine(error))
    }
    return manifest.files.length
  },
}

type Where = (path: string) => string

async function compareFiles(
  folder: string,
  manifest: BundleManifest,
  where: Where,
  report: Report<Kind>,
): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const there = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
  const listed = new Set([...manifest.files.map(({ path }) => path), MANIFEST, SUMS])
  for (const path of there)
    if (!listed.has(path)) report('bundle-file-unlisted', where(path), 'a listed file', 'another')
  for (const { path, bytes } of manifest.files) {
    const size = await sizeOf(join(folder, path))
    if (size === null) report('bundle-file-missing', where(path), `${bytes} bytes`, 'no file')
    else if (size !== bytes) report('bundle-file-size', where(path), `${bytes} bytes`, `${size}`)
  }
}

async function compareSums(
  context: VerifyContext,
  asof: string,
  manifest: BundleManifest,
  where: Where,
  report: Report<Kind>,
): Promise<void> {
  const sums = await bundleSums(context, asof)
  if (sums === null) return
  const paths = [...manifest.files.map(({ path }) => path), MANIFEST].sort()
  if (paths.join('\n') !== [...sums.keys()].sort().join('\n'))
    report('bundle-sums-differ', where(SUMS), `${paths.length} files`, `${sums.size}`)
  for (const { path, sha256 } of manifest.files) {
    const sum = sums.get(path)
    if (sum !== undefined && sum !== sha256) report('bundle-sums-differ', where(path), sha256, sum)
  }
}

async function compareCells(
  context: VerifyContext,
  folder: string,
  manifest: BundleManifest,
  where: Where,
  report: Report<Kind>,
): Promise<void> {
  const ledger = join(folder, LEDGER)
  if ((await sizeOf(ledger)) === null) return
  for (const dataset of Object.keys(context.config.datasets) as DatasetName[]) {
    const files: string[] = []
    for (const { path, dataset: of } of manifest.files) {
      if (of === dataset && (await sizeOf(join(folder, path))) !== null) files.push(join(folder, path))
    }
    const unchecked = (manifest.unchecked ?? []).filter((one) => one.dataset === dataset).map((one) => one.partition)
    const differing = await context.lake.duck.all<{ cell: string; may: number; has: number }>(
      cellsSql(specIn(context, dataset), dataset, ledger, files),
    )
    for (const { cell, may, has } of differing) {
      if (has > may) report('bundle-red-cell', where(`${dataset} ${cell}`), `${may} rows`, `${has}`)
      else if (manifest.complete !== false && !unchecked.some((key) => cell.split(' ').at(-1)?.startsWith(key)))
        report('bundle-cell-missing', where(`${dataset} ${cell}`), `${may} rows`, `${has}`)
    }
  }
}

/** Cells whose rows in the files are not those that may travel. A wide row of values travels only when no group of its day is RED. */
function cellsSql(spec: DatasetConfig, dataset: DatasetName, ledger: string, files: readonly string[]): string {
  const cells = `FROM ${readParquet([ledger])} WHERE dataset = ${sqlText(dataset)} AND "rows" > 0`
  const isWide = spec.expected_rows === 'series'
  const may = isWide
    ? `SELECT dt::VARCHAR AS cell, 1 AS n ${cells} GROUP BY dt HAVING bool_and(status <> 'RED')`
    : `SELECT symbol || ' ' || dt AS cell, "rows" AS n ${cells} AND status <> 'RED'`
  const has =
    files.length === 0
      ? `SELECT '' AS cell, 0 AS n WHERE false`
      : isWide
        ? `SELECT date::VARCHAR AS cell, count(*) AS n FROM ${readParquet(files)} GROUP BY date`
        : `SELECT symbol || ' ' || dt AS cell, count(*) AS n FROM ${readParquet(files)} GROUP BY symbol, dt`
  return `SELECT cell, coalesce(m.n, 0)::INTEGER AS may, coalesce(h.n, 0)::INTEGER AS has
          FROM (${may}) m FULL JOIN (${has}) h USING (cell) WHERE m.n IS DISTINCT FROM h.n ORDER BY cell`
}

const firstLine = (error: unknown): string =>
  String(error instanceof Error ? error.message : error).split('\n')[0] ?? ''
