/**
 * What persons decided about cells, in qc/decisions.jsonl: one line a decision, only ever appended, the last one of a cell counts. A file and no table,
 * because nobody can rebuild a decision when the database is lost.
 */
import { stat } from 'node:fs/promises'
import { relative } from 'node:path'
import { z } from 'zod'
import { makeFolderOf } from '../_lake/atomic.ts'
import { isSameDigest } from '../_lake/digest.ts'
import { codeOf } from '../_lake/disk.ts'
import { withLock } from '../_lake/keyed-lock.ts'
import type { Lake } from '../_lake/lake.ts'
import { jsonLine } from '../_lake/line-checksum.ts'
import { type BadLine, parsedLine, wholeLines } from '../_lake/line-reader.ts'
import { appendLines } from '../_lake/manifest.ts'
import { decisionsFile } from '../_lake/paths.ts'
import { type CellKey, cellKey, DatasetName, SymbolText } from '../_market/cell.ts'
import { DtText } from '../_market/dt.ts'

/** `none` takes back what was decided before: QC alone judges the cell again. */
export const DECISIONS = ['hold', 'release', 'none'] as const

export const Decision = z.object({
  dataset: DatasetName,
  symbol: SymbolText,
  dt: DtText,
  decision: z.enum(DECISIONS),
  reason: z.string().min(1),
  /** First 32 digits of the digest of the version that was released: of another version the person knew nothing. Null but for a release. */
  digest: z.string().nullable(),
  at: z.iso.datetime({ precision: 3 }),
})
export type Decision = z.infer<typeof Decision>

export interface Decisions {
  /** The last one of each cell, by dataset; those that were taken back are left out. */
  byDataset: ReadonlyMap<DatasetName, ReadonlyMap<CellKey, Decision>>
  /** Lines that are not as they were written: what they decided is not known. */
  bad: readonly BadLine[]
}

const cache = new Map<string, { stamp: string; decisions: Decisions }>()

/** Read again only when the file has changed. */
export async function readDecisions(root: string): Promise<Decisions> {
  const file = decisionsFile(root)
  const stamp = await stat(file, { bigint: true }).then(
    ({ ino, size, mtimeNs }) => `${ino} ${size} ${mtimeNs}`,
    (error: unknown) => {
      if (codeOf(error) === 'ENOENT') return null
      throw error
    },
  )
  if (stamp === null) return { byDataset: new Map(), bad: [] }
  const known = cache.get(root)
  if (known?.stamp === stamp) return known.decisions
  const decisions = await readFrom(file)
  cache.set(root, { stamp, decisions })
  return decisions
}

async function readFrom(file: string): Promise<Decisions> {
  const byDataset = new Map<DatasetName, Map<CellKey, Decision>>()
  const bad: BadLine[] = []
  for await (const line of wholeLines(file, 0)) {
    const read = parsedLine(Decision, line)
    if ('bad' in read) {
      bad.push(read.bad)
      continue
    }
    const { dataset, symbol, dt, decision } = read.value
    const ofDataset = byDataset.get(dataset) ?? new Map<CellKey, Decision>()
    byDataset.set(dataset, ofDataset)
    if (decision === 'none') ofDataset.delete(cellKey(symbol, dt))
    else ofDataset.set(cellKey(symbol, dt), read.value)
  }
  return { byDataset, bad }
}

/** What a decision means for the rows of a cell now; `outdated`: a release of other rows than these. */
export type DecisionEffect = 'hold' | 'release' | 'outdated'

/** A release counts for the rows that the person saw. `digest` is that of the rows there are. */
export function effectOf(decision: Decision | undefined, digest: string | null): DecisionEffect | null {
  if (decision === undefined || decision.decision === 'none') return null
  if (decision.decision === 'hold') return 'hold'
  return isSameDigest(decision.digest, digest) ? 'release' : 'outdated'
}

/** Appends durably, all or none, those that change something. Returns them. Two calls at once take turns. */
export async function appendDecisions({ root }: Lake, decisions: readonly Decision[]): Promise<Decision[]> {
  const file = decisionsFile(root)
  return withLock(`${root} decisions`, async () => {
    const { byDataset } = await readDecisions(root)
    const news = decisions.filter((decision) => {
      const known = byDataset.get(decision.dataset)?.get(cellKey(decision.symbol, decision.dt))
      return decision.decision !== (known?.decision ?? 'none') || decision.digest !== (known?.digest ?? null)
    })
    await makeFolderOf(file)
    await appendLines(file, [news.map(jsonLine).join('')])
    return news
  })
}

/** A sentence about lines that cannot be read, for logs; null where all can. */
export const badDecisionsText = (root: string, { bad }: Decisions): string | null =>
  bad.length === 0
    ? null
    : `${bad.length} lines of ${relative(root, decisionsFile(root))} are not as they were written, the first at byte ${bad[0]!.byte} (${bad[0]!.why}): what they decided does not count. Bring the file back from a backup, or remove these lines and decide again`
