/** Replays manifest lines into the database: accepted answers become present, cells of files set aside do not. */
import { join } from 'node:path'
import type { DatasetConfig } from '../../config/schema.ts'
import { type InvalidatedCell, invalidateCells } from '../../db/manifests/invalidate-cells.ts'
import { type AcceptedLine, markManifest, replayAccepted } from '../../db/manifests/manifests.ts'
import { forgetOwnFiles, type HashedFile, recordHashes } from '../../db/raw-files/raw-files.ts'
import type { NodeContext } from '../_catalog/context.ts'
import { windowAt } from '../_expected/reread-windows.ts'
import { fileKeyOf } from '../_lake/file-hashes.ts'
import {
  type CellEntry,
  isOfCell,
  type ManifestEntry,
  type ManifestLine,
  readManifests,
  type SetAsideLine,
  writtenAt,
} from '../_lake/manifest.ts'
import { rawFileParts } from '../_lake/paths.ts'
import { type CellKey, cellKey, type DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { coverageKey } from './coverage-key.ts'
import { packEvidence } from './pack-evidence.ts'
import { recordBadLines } from './record-bad-lines.ts'

export interface Replayed {
  /** Cells that the database lacked. */
  restored: number
  /** Cells whose file is gone, whether the database knew them or not. */
  lost: number
}

/** Cells after which what is settled is packed: a lost database that fills again would be five times as large as the one there was, for good. */
const PACKED_EVERY = 200_000

/** Replays all lines beyond what `after` says is known of each file; bad ones are noted and say nothing. A chunk at a time; a kill costs the chunk at work, which then comes again. */
export async function replayManifests(
  context: NodeContext,
  after: (relativePath: string) => number,
  packedEvery: number = PACKED_EVERY,
): Promise<Replayed> {
  const replayed: Replayed = { restored: 0, lost: 0 }
  let unpacked = 0
  let [file, endings]: [string, Endings] = ['', new Map()]
  for await (const { path, lines, bad, end } of readManifests(context.lake, after)) {
    if (path !== file) [file, endings] = [path, new Map()]
    // Before the mark passes them: a line that is not remembered would never be looked after.
    if (bad.length > 0) await recordBadLines(context, path, bad)
    const { restored, lost } = await replayChunk(context, lines, { path, bytes: end }, endings)
    replayed.restored += restored
    replayed.lost += lost
    unpacked += restored
    if (unpacked < packedEvery) continue
    await packEvidence(context, Number.POSITIVE_INFINITY)
    unpacked = 0
  }
  return replayed
}

/**
 * When the cells of a file were last set aside in it. A line behind that counts although it seems older: an answer is as old as its last page, and where
 * the file it belonged into was damaged, that is set aside before the answer is written.
 */
type Endings = Map<CellKey, number>

async function replayChunk(
  context: NodeContext,
  lines: ManifestEntry[],
  mark: { path: string; bytes: number },
  endings: Endings,
): Promise<Replayed> {
  const { db, config, lake } = context
  const [first] = lines
  if (!first) {
    await markManifest(db, mark.path, mark.bytes)
    return { restored: 0, lost: 0 }
  }
  const { vendor, dataset } = first
  const spec = config.datasets[dataset]
  // Without a mark: once the dataset is configured again, a start reads what it missed.
  if (!spec) return { restored: 0, lost: 0 }
  const { hashes, compacted } = hashesIn(lake.root, lines)
  await forgetOwnFiles(db, dataset, vendor, compacted)
  await recordHashes(db, dataset, hashes)
  const replayed: Replayed = { restored: 0, lost: 0 }
  const rounds = roundsOf(lines.filter(isOfCell))
  if (rounds.length === 0) await markManifest(db, mark.path, mark.bytes)
  for (const [at, round] of rounds.entries()) {
    // The mark goes with the last write of the chunk.
    const reached = at === rounds.length - 1 ? mark : { path: mark.path, bytes: 0 }
    const { restored, lost } = await replayRound(context, { vendor, dataset, spec, endings }, round, reached)
    replayed.restored += restored
    replayed.lost += lost
  }
  return replayed
}

/**
 * The lines in order, each cell at most once a round. Were only the last line of a cell replayed, a correction would be there or not by where a chunk
 * ends, and compressed manifests have other chunks than plain ones.
 */
function roundsOf(lines: readonly CellEntry[]): CellEntry[][] {
  const rounds: CellEntry[][] = []
  const seen = new Map<CellKey, number>()
  for (const line of lines) {
    const key = cellKey(line.symbol, line.dt)
    const round = seen.get(key) ?? 0
    seen.set(key, round + 1)
    const known = rounds[round]
    if (known) known.push(line)
    else rounds.push([line])
  }
  return rounds
}

async function replayRound(
  { db, now }: NodeContext,
  { vendor, dataset, spec, endings }: { vendor: string; dataset: DatasetName; spec: DatasetConfig; endings: Endings },
  lines: readonly CellEntry[],
  mark: { path: string; bytes: number },
): Promise<Replayed> {
  const aside = lines.filter((line): line is SetAsideLine => line.verdict === 'set_aside')
  const accepted = lines.filter((line): line is ManifestLine => line.verdict !== 'set_aside')
  const cells = aside.map((line) => invalidatedCell(spec, line))
  const lost = await invalidateCells(db, vendor, dataset, cells, now())
  const endingOf = ({ symbol, dt }: CellEntry): number => endings.get(cellKey(symbol, dt)) ?? 0
  const answers = accepted.map((line) => acceptedLine(spec, line, endingOf(line)))
  for (const line of aside) endings.set(cellKey(line.symbol, line.dt), Math.max(endingOf(line), writtenAt(line)))
  const restored = await replayAccepted(db, vendor, dataset, answers, mark, now())
  return { restored, lost }
}

/** What lines say of files. Of a file that symbols share, the newest line tells its present hash; a compaction ends what lines before it say of files of the day. */
function hashesIn(root: string, lines: readonly ManifestEntry[]): { hashes: HashedFile[]; compacted: Dt[] } {
  const files = new Map<string, HashedFile>()
  const compacted = new Set<Dt>()
  for (const line of lines) {
    const file = join(root, line.path)
    if (line.sha256 === undefined || !rawFileParts(root, file)) continue
    if (!isOfCell(line)) {
      compacted.add(line.dt)
      for (const [path, { dt }] of files) if (dt === line.dt) files.delete(path)
    }
    files.set(line.path, { ...fileKeyOf(root, file), hash: line.sha256 })
  }
  return { hashes: [...files.values()], compacted: [...compacted] }
}

const NOTES: Record<SetAsideLine['why'], (path: string) => string> = {
  damaged: (path) => `${path} could not be read and was set aside`,
  gone: (path) => `${path} was gone`,
  forgotten: (path) => `removed from ${path} because a person asked for it`,
}

/** A line that sets a cell aside as the database is told of it. */
export const invalidatedCell = (spec: DatasetConfig, { symbol, dt, at, why, path }: SetAsideLine): InvalidatedCell => ({
  ...coverageKey(spec, symbol, dt),
  at: Date.parse(at),
  path,
  why,
  note: NOTES[why](path),
})

function acceptedLine(spec: DatasetConfig, line: ManifestLine, ending: number): AcceptedLine {
  const { symbol, dt, rows, digest, previous } = line
  const fetchedAt = Date.parse(line.fetched_at)
  // Only a version that took the place of another one is a change.
  const change =
    line.verdict === 'replaced'
      ? { difference: line.difference ?? null, window: windowAt(spec, dt, fetchedAt) }
      : { difference: null, window: null }
  const instants = { fetchedAt: Math.max(fetchedAt, ending), writtenAt: Math.max(writtenAt(line), ending) }
  return { ...coverageKey(spec, symbol, dt), rows, digest, ...instants, previous, ...change }
}
