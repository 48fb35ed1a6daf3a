/** Builds the bundle of an as-of day: data, ledger, README, manifest, sums; then it takes its place in one step. */
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Corrections, CorrectionVerdict } from '../../db/corrections/list-corrections.ts'
import type { SecondViews } from '../../db/second-views/list-second-views.ts'
import { sha256, sha256OfFile } from '../_lake/digest.ts'
import { codeOf } from '../_lake/disk.ts'
import { MANIFEST, SUMS } from '../_lake/finished-bundles.ts'
import { withLock } from '../_lake/keyed-lock.ts'
import type { Lake } from '../_lake/lake.ts'
import { bundleFolder, ledgerFile } from '../_lake/paths.ts'
import { consolidateLedger } from '../_ledger/ledger.ts'
import { intactParts } from '../_ledger/ledger-parts.ts'
import type { Dt } from '../_market/dt.ts'
import { type ActionChanges, actionChanges } from './action-changes.ts'
import { type Conditions, stageConditions } from './condition-table.ts'
import { coverageOf, type DatasetCoverage } from './coverage.ts'
import type { InstrumentStatement } from './instrument-statements.ts'
import { knownFiles } from './known-files.ts'
import { lackingCells } from './lacking.ts'
import { ledgerFacts } from './ledger-facts.ts'
import {
  byPath,
  changesSince,
  type Incomplete,
  isComplete,
  type Lacking,
  latestDay,
  leftOutOf,
  type ManifestParts,
  manifestText,
  type Previous,
  previousBundle,
  readManifest,
  rowsIn,
  sumsText,
} from './manifest.ts'
import type { BundledDataset } from './partitions.ts'
import { stageReport } from './qc-report.ts'
import { readmeText } from './readme.ts'
import { SCHEMA, schemaText } from './schema.ts'
import { LEDGER_PATH, stageLedger, trimDataset } from './stage.ts'
import { type AsOfWriter, alignLedger, stageAsOf } from './stage-as-of.ts'
import { recordedFragments } from './stage-fragments.ts'
import { stageTables } from './stage-tables.ts'
import {
  type BundleFile,
  type Damage,
  described,
  type Partition,
  stageVouched,
  type Vouchers,
} from './stage-vouched.ts'
import { clearLeftovers, forgetHeldBack, holdBack, openStaging, pointLatest, settleTree, takePlace } from './swap.ts'
import { trimLedger } from './trim-ledger.ts'
import { stageVintages, type VintageWriter } from './vintages-table.ts'

export interface BundleRequest {
  asof: Dt
  /** Epoch milliseconds. */
  generatedAt: number
  /** Epoch ms of the call itself, from which a replaced bundle is kept. */
  now: number
  /** What the database has recorded of each dataset; asked again after a rebuild. */
  datasets(): Promise<BundledDataset[]>
  /** Makes partitions again whose files are not what was recorded, and those that failed before, as far as that can be done now. */
  rebuild(damaged: readonly Damage[], failed: readonly Partition[]): Promise<void>
  /** Cells of a partition, up to `asof`, that the database holds as delivered: how many, and at most `limit` of them. */
  deliveredCells(partition: Partition, limit: number): Promise<{ cells: number; first: { symbol: string; dt: Dt }[] }>
  /** Cells of partitions without verdicts, up to `asof`, that the database knows to be absent. */
  explainedCells(dataset: BundledDataset, partitions: readonly string[]): Promise<number>
  vintages: VintageWriter
  /** Writes a partition as it stood on the day, in a bundle of an older day; null in one of the newest. */
  asItWas: AsOfWriter | null
  /** The condition of each day of a dataset, up to `asof`. */
  conditions: Conditions
  /** The universe as it applied, with the source of each day. */
  instruments(): Promise<readonly InstrumentStatement[]>
  /** The bundle may lack cells that an earlier one has. */
  acceptLacking: boolean
  /** The last day each calendar vouches for. */
  calendar: Record<string, Dt>
  ruleset: string
  nodeVersion: string
  /** What vendors changed after an instant (epoch ms), of days up to `asof`; the bundle asks for the time since the previous one. */
  corrections(verdict: CorrectionVerdict, since: number): Promise<Corrections>
  /** What second vendors' versions decided after an instant (epoch ms), of days up to `asof`. */
  secondViews(since: number): Promise<SecondViews>
}

export interface Bundle {
  path: string
  files: number
  bytes: number
  /** sha256 of SHA256SUMS: two bundles with the same digest are the same. */
  digest: string
  /** `held_back`: the bundle of the day that stands has cells which this one lacks, and stays; this one lies beside it. */
  verdict: 'written' | 'unchanged' | 'replaced' | 'held_back'
  /** Rows of data; one without any is never `latest`. */
  rows: number
  coverage: DatasetCoverage[]
  complete: boolean
  incomplete: Incomplete[]
  lacking: Lacking | null
  /** `moved`: it points at this bundle; `kept`: it does not, because of what this one lacks; `newer`: it points at a later day. */
  latest: 'moved' | 'kept' | 'newer'
  latestDay: Dt | null
  /** Partitions that were left out because nothing vouches for the bytes they have now. */
  unchecked: Partition[]
  /** Files that were not what was recorded when the bundle was begun. */
  damaged: number
  ledgerRows: number
}

/** Cells of left-out partitions that are named; the rest is counted. */
const MOST_CELLS_LISTED = 1000

/**
 * Builds, or confirms, the bundle of `asof` from what the database vouches for. Running it again over the same lake touches nothing
 * (`unchanged`, whatever `generatedAt`), also after it was killed at any instruction; a damaged bundle is replaced, a better one never.
 * Throws when the disk fails: the finished bundles then stay as they were.
 */
export function buildBundle(lake: Lake, request: BundleRequest): Promise<Bundle> {
  // Two runs for one day would share a staging folder, and two for different days would clear each other's.
  return withLock(`bundle ${lake.exportRoot}`, () => build(lake, request))
}

async function build(lake: Lake, request: BundleRequest): Promise<Bundle> {
  const { asof } = request
  await clearLeftovers(lake.exportRoot, request.now)
  const staging = await openStaging(lake.exportRoot, asof)
  const { files, parts, isPoorer, linked, ...made } = await stageContent(lake, staging, request)
  const standing = isPoorer ? null : await standingBundle(lake, staging, asof, files, parts)
  const sums = standing ?? (await stageProof(staging, files, parts, request.generatedAt))
  let verdict: Bundle['verdict'] = 'unchanged'
  let path = bundleFolder(lake.exportRoot, asof)
  if (standing === null) {
    await settleTree(staging, linked)
    if (isPoorer) path = await holdBack(lake.exportRoot, asof)
    verdict = isPoorer ? 'held_back' : await takePlace(lake.exportRoot, asof, request.now)
  } else {
    await rm(staging, { recursive: true, force: true })
  }
  if (!isPoorer) await forgetHeldBack(lake.exportRoot, asof)
  const pointed = await pointLatest(lake.exportRoot)
  const proof = await Promise.all([MANIFEST, SUMS].map((name) => stat(join(path, name))))
  const bytes = [...files.map((file) => file.bytes), ...proof.map((found) => found.size)].reduce((a, b) => a + b, 0)
  const { coverage, incomplete, lacking } = parts
  return {
    path,
    files: files.length + proof.length,
    bytes,
    digest: sha256(sums),
    verdict,
    rows: rowsIn(files),
    coverage,
    complete: isComplete(parts),
    incomplete,
    lacking,
    latest: pointed === asof && !isPoorer ? 'moved' : pointed !== null && pointed > asof ? 'newer' : 'kept',
    latestDay: pointed,
    unchecked: leftOutOf(parts),
    ...made,
  }
}

/** Everything but the proof: data, ledger, README; `files` is sorted and complete. `isPoorer`: the bundle of the day that stands has more. */
async function stageContent(lake: Lake, staging: string, request: BundleRequest) {
  const { asof, acceptLacking } = request
  const { datasets, vouchers, fragments, ledger, damaged } = await vouchedFiles(lake, staging, request)
  const { rows: ledgerRows } = await consolidateLedger(lake, fragments, ledger)
  const whole = await stageLedger(lake, staging)
  const data: BundleFile[] = []
  const unjudged: Partition[] = []
  const asOfNow: Incomplete[] = []
  for (const dataset of datasets) {
    const trimmed = await trimDataset(lake, staging, whole, dataset, vouchers, asof)
    unjudged.push(...trimmed.unjudged)
    const staged = await stageAsOf(lake, staging, whole, dataset, trimmed, request.asItWas)
    data.push(...staged.files)
    asOfNow.push(...staged.failed)
  }
  const incomplete = [...(await incompleteOf(request, datasets, vouchers.damaged, unjudged)), ...asOfNow]
  const vintages = await stageVintages(lake, staging, datasets, data, request.vintages, request.asItWas !== null)
  for (const { reason, ...partition } of vintages.failed)
    incomplete.push({ ...partition, reason, leftOut: false, cells: 0, first: [] })
  data.push(...vintages.files)
  data.push(...(await stageTables(lake, staging, datasets, data, await request.instruments())))
  const trimmedLedger = await trimLedger(lake, staging, leftOutOf({ incomplete }), asof)
  data.unshift(request.asItWas === null ? trimmedLedger : await alignLedger(lake, staging, datasets, data, asof))
  data.push(...(await stageReport(lake, staging, datasets, asof)))
  data.push(await stageConditions(lake, staging, datasets, request.conditions))
  const before = await betterBundles(lake, staging, datasets, asof)
  const lacking = before.latest ?? before.standing
  const facts = await ledgerFacts(lake, join(staging, LEDGER_PATH))
  const coverage = await coverageOf(datasets, facts, request.explainedCells)
  const previous = await previousBundle(lake.exportRoot, asof)
  const { nodeVersion, ruleset, calendar } = request
  const changes = changesSince(previous, data)
  const actions = await actionChangesOf(lake, staging, datasets, previous, data)
  const corrections = await correctionsSince(request, 'replaced', previous)
  const refused = await correctionsSince(request, 'kept_more_rows', previous)
  const secondViews = previous ? await request.secondViews(previous.generatedAt) : { total: 0, cells: [] }
  const about = { asof, nodeVersion, ruleset, calendar, facts, coverage, incomplete, lacking, accepted: acceptLacking }
  const said = { ...about, previous: previous?.asof ?? null, changes, actions, corrections, refused, secondViews }
  await writeFile(join(staging, 'README.md'), readmeText({ ...said, data }))
  await writeFile(join(staging, SCHEMA), await schemaText(lake, staging, data))
  // What was rewritten for this bundle is another file.
  const linked = new Set(
    data.flatMap(({ path, sha256: hash }) =>
      vouchers.known.has(path) && vouchers.files.get(path)?.sha256 === hash ? [path] : [],
    ),
  )
  const files = byPath([...data, await described(staging, 'README.md'), await described(staging, SCHEMA)])
  const parts: ManifestParts = { ...said, files }
  return { files, parts, isPoorer: before.standing !== null && !acceptLacking, damaged, ledgerRows, linked }
}

/** Files that are not what was recorded, and partitions that failed, are made again, once; what then is as recorded is staged. */
async function vouchedFiles(lake: Lake, staging: string, request: BundleRequest) {
  const known = await knownFiles(lake.exportRoot, request.asof)
  const ledger = await intactParts(ledgerFile(lake.root))
  const found = async (already?: Vouchers) => {
    const datasets = (await request.datasets()).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const recorded = await recordedFragments(lake, datasets, ledger, request.asof)
    const vouchers = await stageVouched(lake, staging, datasets, known, already)
    vouchers.damaged.unshift(...recorded.damaged)
    return { datasets, vouchers, fragments: recorded.fragments, ledger }
  }
  const first = await found()
  const damaged = first.vouchers.damaged.length
  const failed = first.datasets.flatMap(({ name: dataset, partitions }) =>
    partitions.flatMap(({ partition, hasFailed }) => (hasFailed ? [{ dataset, partition }] : [])),
  )
  if (damaged + failed.length === 0) return { ...first, damaged }
  await request.rebuild(first.vouchers.damaged, failed)
  return { ...(await found(first.vouchers)), damaged }
}

/** What is not as it should be, partition by partition, with the cells of those that are not in the bundle. */
async function incompleteOf(
  { deliveredCells }: BundleRequest,
  datasets: readonly BundledDataset[],
  damaged: readonly Damage[],
  unjudged: readonly Partition[],
): Promise<Incomplete[]> {
  const incomplete: Incomplete[] = []
  let room = MOST_CELLS_LISTED
  for (const { name: dataset, partitions } of datasets) {
    for (const { partition, ledgerSha256, behind } of partitions) {
      const isIt = (one: Partition): boolean => one.dataset === dataset && one.partition === partition
      const faults = damaged.filter(isIt).map(({ found }) => found)
      if (unjudged.some(isIt)) faults.push('its file is not judged since it was made')
      const leftOut = faults.length > 0 || ledgerSha256 === null
      if (behind !== null) faults.push(behind)
      if (faults.length === 0) continue
      const { cells, first } = leftOut ? await deliveredCells({ dataset, partition }, room) : { cells: 0, first: [] }
      room -= first.length
      incomplete.push({ dataset, partition, reason: faults.join('; '), leftOut, cells, first })
    }
  }
  return incomplete
}

/** What the new bundle lacks: of what the finished bundle of its day has, and of what the one has that `latest` points at. */
async function betterBundles(lake: Lake, staging: string, datasets: readonly BundledDataset[], asof: Dt) {
  const lackingOf = (than: Dt) => lackingCells(lake, join(staging, LEDGER_PATH), datasets, than)
  const latest = await latestDay(lake.exportRoot)
  return {
    standing: await lackingOf(asof),
    latest: latest !== null && latest < asof ? await lackingOf(latest) : null,
  }
}

function actionChangesOf(
  lake: Lake,
  staging: string,
  datasets: readonly BundledDataset[],
  previous: Previous | null,
  data: readonly BundleFile[],
): Promise<ActionChanges> | null {
  const dataset = datasets.find(({ spec }) => spec.expected_rows === 'events')
  return dataset === undefined ? null : actionChanges(lake, staging, dataset, previous, data)
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
async function standingBundle(
  lake: Lake,
  staging: string,
  asof: Dt,
  files: BundleFile[],
  parts: ManifestParts,
): Promise<string | null> {
  const folder = bundleFolder(lake.exportRoot, asof)
  const manifest = await readManifest(lake.exportRoot, asof)
  if (manifest === null) return null
  const text = manifestText(parts, Date.parse(manifest.generated_at))
  const all = [...files, { path: MANIFEST, sha256: sha256(text) }]
  const sums = sumsText(all)
  try {
    if ((await readFile(join(folder, SUMS), 'utf8')) !== sums) return null
    for (const { path, sha256: expected } of all) {
      // The same inode was hashed when it was staged.
      if (await isSameFile(join(folder, path), join(staging, path))) continue
      if ((await sha256OfFile(join(folder, path))) !== expected) return null
    }
    return sums
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EISDIR' || codeOf(error) === 'ENOTDIR') return null
    throw error
  }
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const there = await stat(other).catch(() => null)
  if (there === null) return false
  const { ino, dev } = await stat(one)
  return ino === there.ino && dev === there.dev
}
