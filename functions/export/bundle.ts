/** Builds the bundle of an as-of day: data, ledger, README, manifest, sums; then it takes its place in one step. */
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Corrections, CorrectionVerdict } from '../../db/corrections/list-corrections.ts'
import { sha256, sha256OfFile } from '../_lake/digest.ts'
import { codeOf } from '../_lake/disk.ts'
import { inTurn } from '../_lake/in-turn.ts'
import type { Lake } from '../_lake/lake.ts'
import { bundleFolder } from '../_lake/paths.ts'
import type { Dt } from '../_market/dt.ts'
import { ledgerFacts } from './ledger-facts.ts'
import {
  byPath,
  changesSince,
  MANIFEST,
  type ManifestParts,
  manifestText,
  type Previous,
  previousBundle,
  readManifest,
  SUMS,
  sumsText,
} from './manifest.ts'
import type { BundledDataset } from './partitions.ts'
import { readmeText } from './readme.ts'
import { type BundleFile, described, LEDGER_PATH, type Partition, stageDataset, stageLedger } from './stage.ts'
import { clearLeftovers, openStaging, pointLatest, syncTree, takePlace } from './swap.ts'

export interface BundleRequest {
  asof: Dt
  /** Epoch milliseconds. */
  generatedAt: number
  datasets: BundledDataset[]
  /** The last day each calendar vouches for. */
  calendar: Record<string, Dt>
  ruleset: string
  nodeVersion: string
  /** What vendors changed after an instant (epoch ms), of days up to `asof`; the bundle asks for the time since the previous one. */
  corrections(verdict: CorrectionVerdict, since: number): Promise<Corrections>
}

export interface Bundle {
  path: string
  files: number
  bytes: number
  /** sha256 of SHA256SUMS: two bundles with the same digest are the same. */
  digest: string
  verdict: 'written' | 'unchanged' | 'replaced'
  /** Curated partitions that were left out because the ledger does not judge the bytes they have now. */
  unchecked: Partition[]
}

/**
 * Builds, or confirms, the bundle of `asof`. The consolidated ledger must be there. Running it again over the same lake touches nothing
 * (`unchanged`, whatever `generatedAt`), also after it was killed at any instruction; a damaged bundle is replaced.
 * Throws when there is no ledger, or when the disk fails: the finished bundles then stay as they were.
 */
export function buildBundle(lake: Lake, request: BundleRequest): Promise<Bundle> {
  // Two runs for one day would share a staging folder, and two for different days would clear each other's.
  return inTurn(`bundle ${lake.exportRoot}`, () => build(lake, request))
}

async function build(lake: Lake, request: BundleRequest): Promise<Bundle> {
  const { asof } = request
  await clearLeftovers(lake.exportRoot)
  const staging = await openStaging(lake.exportRoot, asof)
  const { files, parts } = await stageContent(lake, staging, request)
  const standing = await standingBundle(lake, asof, files, parts)
  const sums = standing ?? (await stageProof(staging, files, parts, request.generatedAt))
  let verdict: Bundle['verdict'] = 'unchanged'
  if (standing === null) {
    await syncTree(staging)
    verdict = await takePlace(lake.exportRoot, asof)
  } else {
    await rm(staging, { recursive: true, force: true })
  }
  await pointLatest(lake.exportRoot)
  const path = bundleFolder(lake.exportRoot, asof)
  const proof = await Promise.all([MANIFEST, SUMS].map((name) => stat(join(path, name))))
  const bytes = [...files.map((file) => file.bytes), ...proof.map((found) => found.size)].reduce((a, b) => a + b, 0)
  return { path, files: files.length + proof.length, bytes, digest: sha256(sums), verdict, unchecked: parts.unchecked }
}

/** Everything but the proof: data, ledger, README; `files` is sorted and complete. */
async function stageContent(
  lake: Lake,
  staging: string,
  request: BundleRequest,
): Promise<{ files: BundleFile[]; parts: ManifestParts }> {
  const { asof } = request
  const data = [await stageLedger(lake, staging, asof)]
  const unchecked: Partition[] = []
  for (const dataset of request.datasets.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const staged = await stageDataset(lake, staging, dataset, asof)
    data.push(...staged.files)
    unchecked.push(...staged.unchecked)
  }
  const facts = await ledgerFacts(lake, join(staging, LEDGER_PATH))
  const previous = await previousBundle(lake.exportRoot, asof)
  const { nodeVersion, ruleset, calendar } = request
  const about = { asof, nodeVersion, ruleset, calendar, facts, unchecked, previous: previous?.asof ?? null }
  const changes = changesSince(previous, data)
  const corrections = await correctionsSince(request, 'replaced', previous)
  const refused = await correctionsSince(request, 'kept_more_rows', previous)
  await writeFile(join(staging, 'README.md'), readmeText({ ...about, changes, corrections, refused }))
  const files = byPath([...data, await described(staging, 'README.md')])
  return { files, parts: { ...about, changes, corrections, refused, files } }
}

/** The first bundle has nothing to correct. */
const correctionsSince = async (
  request: BundleRequest,
  verdict: CorrectionVerdict,
  previous: Previous | null,
): Promise<Corrections> =>
  previous ? await request.corrections(verdict, previous.generatedAt) : { cells: [], counts: [], fields: [] }

/** Writes the manifest and, last of all, the sums; returns the text of the sums. */
async function stageProof(
  staging: string,
  files: BundleFile[],
  parts: ManifestParts,
  generatedAt: number,
): Promise<string> {
  const manifest = manifestText(parts, generatedAt)
  const sums = sumsText([...files, { path: MANIFEST, sha256: sha256(manifest) }])
  await writeFile(join(staging, MANIFEST), manifest)
  await writeFile(join(staging, SUMS), sums)
  return sums
}

/**
 * The sums of the bundle that already stands under this day, if it says the same as the staged one would at its own time of
 * generation, and if each of its files is still what the sums say. Null otherwise.
 */
async function standingBundle(lake: Lake, asof: Dt, files: BundleFile[], parts: ManifestParts): Promise<string | null> {
  const folder = bundleFolder(lake.exportRoot, asof)
  const manifest = await readManifest(lake.exportRoot, asof)
  if (manifest === null) return null
  const text = manifestText(parts, Date.parse(manifest.generated_at))
  const all = [...files, { path: MANIFEST, sha256: sha256(text) }]
  const sums = sumsText(all)
  try {
    if ((await readFile(join(folder, SUMS), 'utf8')) !== sums) return null
    for (const { path, sha256: expected } of all) {
      if ((await sha256OfFile(join(folder, path))) !== expected) return null
    }
    return sums
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EISDIR' || codeOf(error) === 'ENOTDIR') return null
    throw error
  }
}
