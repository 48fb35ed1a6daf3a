/** I1, I8: every raw file has the hash its manifest says, and the rows of each cell have the digest that was accepted. */
import { relative } from 'node:path'
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { DatasetConfig } from '../../../config/schema.ts'
import { type StoredVersion, versionsOfDay } from '../../../db/attempts/versions-of-day.ts'
import { digestKnownAs, isSameDigest } from '../../_lake/digest.ts'
import { fileParts } from '../../_lake/file-parts.ts'
import { UnreadableFiles } from '../../_lake/query-raw.ts'
import type { FilePart } from '../../_lake/raw-part.ts'
import { asRawPart } from '../../_lake/stored-part.ts'
import { newestVintages } from '../../_lake/vintages.ts'
import { type Check, type ContextWithDb, datasetOfPlace, type Report } from '../check.ts'
import { sizeOf } from '../files-there.ts'
import { hashOf } from '../known-hashes.ts'
import { type ManifestIndex, manifestIndex } from '../manifest-index.ts'
import { daysOfGroup, listDay, rawGroups, versionsByFile } from '../raw-day.ts'

type Kind =
  | 'raw-bytes-differ'
  | 'raw-pages-unreadable'
  | 'raw-cell-differs'
  | 'raw-cell-missing'
  | 'raw-cell-unaccepted'
  | 'version-without-line'

const ASKED_AGAIN =
  'The node notices it when it reads the file: cells that are whole stay, the others are asked for again.'
/** Files of one query, and rows that are in memory at once where each holds a session's minutes of one symbol. */
const AT_ONCE = 64

export const check: Check<Kind> = {
  id: 'raw-digests',
  about: 'sha256 of raw files against the manifests, and digests of all cells against the database',
  mode: 'deep',
  needsDb: true,
  kinds: {
    'raw-bytes-differ': {
      invariant: 'I8',
      severity: 'warning',
      means: 'a raw file is not the one that its manifest tells of',
      todo: ASKED_AGAIN,
    },
    'raw-pages-unreadable': {
      invariant: 'I2',
      severity: 'warning',
      means: 'a raw file cannot be read to its end',
      todo: ASKED_AGAIN,
    },
    'raw-cell-differs': {
      invariant: 'I8',
      severity: 'warning',
      means: 'the rows of a cell are not those that were accepted',
      todo: ASKED_AGAIN,
    },
    'raw-cell-missing': {
      invariant: 'I1',
      severity: 'warning',
      means: 'a raw file holds no row of a cell that was accepted',
      todo: ASKED_AGAIN,
    },
    'raw-cell-unaccepted': {
      invariant: 'I14',
      severity: 'info',
      means: 'rows of a cell that the database never accepted; they are not curated',
      todo: 'POST /adopt {"verify":"rows"} takes them over.',
    },
    'version-without-line': {
      invariant: 'I1',
      severity: 'warning',
      means: 'the database has a version that no manifest tells of: a rebuild would forget it',
      todo: 'POST /audit {"rebuild":true} compares what is left with the files.',
    },
  },
  places: rawGroups,
  async look(context, place, report) {
    const { dataset, spec } = datasetOfPlace(context, place)
    const accepted = new Map<string, FileCells>()
    for (const dt of daysOfGroup(context, place)) {
      const versions = await versionsOfDay(context.db, dataset, dt)
      for (const day of await listDay(context, dataset, dt)) {
        const cell = (symbol: string): string => `${day.vendor} ${dataset} ${symbol} ${dt}`
        const index = await manifestIndex(context, day.vendor, dataset)
        for (const [file, own] of versionsByFile(day, versions)) {
          if ((await sizeOf(file)) === null) continue
          accepted.set(file, { versions: own, cell, elsewhere: file === day.shared ? day.bySymbol : new Map() })
          for (const { symbol } of own)
            if (!index.tellsOf(symbol, dt)) report('version-without-line', cell(symbol), 'a manifest line', 'none')
          await compareBytes(context, index, file, report)
        }
      }
    }
    const files = [...accepted.keys()]
    for (let at = 0; at < files.length; at += AT_ONCE) {
      for (const [file, parts] of await partsOf(context, spec, files.slice(at, at + AT_ONCE), report)) {
        await compareCells(spec, accepted.get(file)!, parts, report)
      }
      await yieldToEventLoop()
    }
    return files.length
  },
}

/** The versions that a file must hold. */
interface FileCells {
  versions: StoredVersion[]
  /** Symbols that a file of their own holds: what this one has of them does not count. */
  elsewhere: ReadonlyMap<string, string>
  /** How one of them is named. */
  cell(symbol: string): string
}

async function compareBytes(
  context: ContextWithDb,
  index: ManifestIndex,
  file: string,
  report: Report<Kind>,
): Promise<void> {
  const path = relative(context.lake.root, file)
  const expected = index.sha256Of(path)
  if (expected === undefined) return
  const sha256 = await hashOf(context, file)
  if (sha256 !== expected) report('raw-bytes-differ', path, expected, sha256)
}

/** The rows of those files that can be read; the others are reported. */
async function partsOf(
  context: ContextWithDb,
  spec: DatasetConfig,
  files: readonly string[],
  report: Report<Kind>,
): Promise<Map<string, FilePart[]>> {
  try {
    return await fileParts(context.lake, spec, files)
  } catch (error) {
    if (!(error instanceof UnreadableFiles)) throw error
    const { paths } = error
    for (const file of paths)
      report('raw-pages-unreadable', relative(context.lake.root, file), 'readable pages', 'pages that cannot be read')
    const left = files.filter((file) => !paths.includes(file))
    return left.length < files.length && left.length > 0 ? partsOf(context, spec, left, report) : new Map()
  }
}

async function compareCells(
  { columns }: DatasetConfig,
  { versions, cell, elsewhere }: FileCells,
  parts: readonly FilePart[],
  report: Report<Kind>,
): Promise<void> {
  const stored = new Map<string, FilePart[]>()
  for (const part of parts) stored.set(part.symbol, [...(stored.get(part.symbol) ?? []), part])
  for (const [at, { symbol, digest }] of versions.entries()) {
    // Cell by cell: the rows of a day of minutes as objects would be hundreds of megabytes.
    const own = stored.get(symbol)?.flatMap((part) => asRawPart(part, columns).rows)
    stored.delete(symbol)
    if (at % 50 === 49) await yieldToEventLoop()
    if (own === undefined) report('raw-cell-missing', cell(symbol), 'its rows', 'none')
    else if (digest !== null) {
      const found = digestKnownAs(digest, newestVintages(own))
      if (!isSameDigest(found, digest)) report('raw-cell-differs', cell(symbol), digest, found)
    }
  }
  for (const symbol of stored.keys())
    if (!elsewhere.has(symbol)) report('raw-cell-unaccepted', cell(symbol), 'an accepted version', 'rows alone')
}
