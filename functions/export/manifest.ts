/** MANIFEST.json and SHA256SUMS: what a bundle holds, and the proof of it. */
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Corrections } from '../../db/corrections/list-corrections.ts'
import type { SecondViews } from '../../db/second-views/list-second-views.ts'
import { codeOf } from '../_lake/disk.ts'
import { MANIFEST } from '../_lake/finished-bundles.ts'
import { bundleFolder } from '../_lake/paths.ts'
import { DatasetName } from '../_market/cell.ts'
import { type Dt, isDt } from '../_market/dt.ts'
import type { ActionChanges } from './action-changes.ts'
import type { DatasetCoverage } from './coverage.ts'
import type { LedgerFacts } from './ledger-facts.ts'
import type { BundleFile, Partition } from './stage-vouched.ts'

export interface Previous {
  asof: Dt
  /** Epoch milliseconds. */
  generatedAt: number
  /** sha256 by path, of the data files only. */
  files: Map<string, string>
}

export interface Change {
  path: string
  change: 'added' | 'changed' | 'removed'
}

/** A partition that is not as the database would have it. */
export interface Incomplete extends Partition {
  reason: string
  /** It is not in the bundle at all; else an earlier state of it is. */
  leftOut: boolean
  /** Of one left out: the cells that the database holds as delivered, and the first of them. */
  cells: number
  first: { symbol: string; dt: Dt }[]
}

export interface ManifestParts {
  asof: Dt
  nodeVersion: string
  ruleset: string
  calendar: Record<string, Dt>
  files: BundleFile[]
  facts: LedgerFacts
  coverage: DatasetCoverage[]
  /** Sorted by dataset and partition. */
  incomplete: Incomplete[]
  /** Cells that an earlier bundle has; null when there are none. */
  lacking: Lacking | null
  /** A person has said that these cells may go. */
  accepted: boolean
  previous: Dt | null
  changes: Change[]
  /** Null where no actions are collected. */
  actions: ActionChanges | null
  corrections: Corrections
  /** Answers with fewer rows, which were not taken. */
  refused: Corrections
  secondViews: SecondViews
}

/** The manifest's text. `generatedAt` is the only part that two runs over the same lake may differ in. */
export function manifestText(parts: ManifestParts, generatedAt: number): string {
  const { facts } = parts
  const manifest = {
    format: 1,
    asof: parts.asof,
    generated_at: new Date(generatedAt).toISOString(),
    node: parts.nodeVersion,
    ruleset: parts.ruleset,
    calendar: Object.fromEntries(Object.entries(parts.calendar).sort(([a], [b]) => (a < b ? -1 : 1))),
    complete: isComplete(parts),
    incomplete: parts.incomplete,
    lacking: lackingText(parts),
    previous: parts.previous,
    changes: parts.changes,
    actions: parts.actions && {
      total: parts.actions.total,
      more: parts.actions.total - parts.actions.first.length,
      changes: parts.actions.first,
    },
    corrections: correctionsText(parts.corrections),
    refused: correctionsText(parts.refused),
    second_views: secondViewsText(parts.secondViews),
    coverage: parts.coverage,
    cells: facts.cells,
    absences: facts.absences,
    held: { total: facts.heldTotal, more: facts.heldTotal - facts.held.length, cells: facts.held },
    unchecked: leftOutOf(parts),
    files: parts.files,
  }
  return `${JSON.stringify(manifest, null, 1)}\n`
}

/** Every partition is as the database would have it, and no cell is lost that an earlier bundle has. Cells that no vendor ever had do not count here. */
export const isComplete = ({ incomplete, lacking }: Pick<ManifestParts, 'incomplete' | 'lacking'>): boolean =>
  incomplete.length === 0 && lacking === null

export const leftOutOf = ({ incomplete }: Pick<ManifestParts, 'incomplete'>): Partition[] =>
  incomplete.filter(({ leftOut }) => leftOut).map(({ dataset, partition }) => ({ dataset, partition }))

const lackingText = ({ lacking, accepted }: ManifestParts) =>
  lacking === null
    ? null
    : {
        than: lacking.than,
        total: lacking.total,
        accepted,
        more: lacking.total - lacking.cells.length,
        cells: lacking.cells,
      }

const secondViewsText = ({ total, cells }: SecondViews) => ({
  total,
  more: total - cells.length,
  cells: cells.map(({ secondVendor, numbers, ...cell }) => ({
    ...cell,
    second_vendor: secondVendor,
    numbers: JSON.parse(numbers) as Record<string, number>,
  })),
})

function correctionsText({ cells, counts }: Corrections) {
  const total = counts.reduce((sum, { corrections }) => sum + corrections, 0)
  return { total, more: total - cells.length, cells }
}

/** `sha256sum -c` format, sorted by path. */
export const sumsText = (files: readonly { path: string; sha256: string }[]): string =>
  byPath(files)
    .map((file) => `${file.sha256}  ${file.path}\n`)
    .join('')

export const byPath = <T extends { path: string }>(files: readonly T[]): T[] =>
  files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))

/** What a trainer that has the previous bundle must fetch or forget; every file is `added` when there is none. */
export function changesSince(previous: Previous | null, files: readonly BundleFile[]): Change[] {
  const before = previous?.files ?? new Map<string, string>()
  const now = new Map(files.filter(isData).map((file) => [file.path, file.sha256]))
  const changes: Change[] = []
  for (const [path, sha256] of now) {
    if (!before.has(path)) changes.push({ path, change: 'added' })
    else if (before.get(path) !== sha256) changes.push({ path, change: 'changed' })
  }
  for (const path of before.keys()) if (!now.has(path)) changes.push({ path, change: 'removed' })
  return byPath(changes)
}

/** Only data counts as a change: a README differs every night. */
const isData = ({ rows }: { rows?: number | undefined }): boolean => rows !== undefined

const ReadBack = z.object({
  asof: z.string(),
  generated_at: z.iso.datetime(),
  /** Absent in bundles of older versions. */
  lacking: z.object({ accepted: z.boolean() }).nullish(),
  files: z.array(
    z.object({
      path: z.string(),
      sha256: z.string(),
      rows: z.int().optional(),
      dataset: DatasetName.optional(),
      partition: z.string().optional(),
    }),
  ),
})

/** Rows of the data files: the ledger tells of cells that are not there as well. */
export const rowsIn = (files: readonly { path: string; rows?: number | undefined }[]): number =>
  files.reduce((sum, { path, rows = 0 }) => (path.startsWith('curated/') ? sum + rows : sum), 0)

/** The manifest of a finished bundle; null when there is none, or none that this version can read. */
export async function readManifest(exportRoot: string, asof: Dt): Promise<z.infer<typeof ReadBack> | null> {
  try {
    const read = ReadBack.safeParse(JSON.parse(await readFile(join(bundleFolder(exportRoot, asof), MANIFEST), 'utf8')))
    return read.success ? read.data : null
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR' || error instanceof SyntaxError) return null
    throw error
  }
}

/** As-of days of the finished bundles, ascending. */
export async function bundleDays(exportRoot: string): Promise<Dt[]> {
  try {
    return (await readdir(dirname(bundleFolder(exportRoot, '2000-01-01')))).filter(isDt).sort()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/**
 * The day that `latest` should point at: the newest whose bundle lacks nothing, or nothing that a person has not let go. Where there is none, the newest that can
 * be read. Never one without a row of data. Null without such a bundle. Follows from the manifests alone, so whoever was killed before the link was moved is put right by the next.
 */
export async function latestDay(exportRoot: string): Promise<Dt | null> {
  let newest: Dt | null = null
  for (const day of (await bundleDays(exportRoot)).toReversed()) {
    const manifest = await readManifest(exportRoot, day)
    if (manifest === null || rowsIn(manifest.files) === 0) continue
    if (manifest.lacking == null || manifest.lacking.accepted) return day
    newest ??= day
  }
  return newest
}

/** The newest readable bundle before a day. */
export async function previousBundle(exportRoot: string, asof: Dt): Promise<Previous | null> {
  for (const day of (await bundleDays(exportRoot)).filter((dt) => dt < asof).toReversed()) {
    const manifest = await readManifest(exportRoot, day)
    if (manifest === null) continue
    const data = manifest.files.filter(isData)
    return {
      asof: day,
      generatedAt: Date.parse(manifest.generated_at),
      files: new Map(data.map((file) => [file.path, file.sha256])),
    }
  }
  return null
}

export interface Lacking {
  /** The bundle that has them. */
  than: Dt
  total: number
  /** Sorted by dataset, symbol and day. */
  cells: { dataset: string; symbol: string; dt: Dt; now: string }[]
}
