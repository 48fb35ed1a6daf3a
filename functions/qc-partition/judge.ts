/** Judges one curated partition: one verdict per expected cell, written as the partition's fragment of the ledger. */
import { stat } from 'node:fs/promises'
import { sha256OfFile } from '../_lake/digest.ts'
import { codeOf } from '../_lake/disk.ts'
import { withTable } from '../_lake/duck-table.ts'
import type { Lake } from '../_lake/lake.ts'
import { curatedFile } from '../_lake/paths.ts'
import { writeFragment } from '../_ledger/fragment.ts'
import { cellKey } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { checkCells } from './check-cells.ts'
import { CHECKS } from './checks/index.ts'
import { factsOf } from './fact-rows.ts'
import { judgeAbsentPartition } from './judge-absent.ts'
import type { JudgedCell, Judgement, JudgeRequest } from './judgement.ts'
import { withMeasuredCells } from './measure.ts'
import { type Verdict, verdictOf } from './verdict.ts'

/** The curated file is not the one that was recorded: damaged, gone, or there where none should be. Its verdicts would be of other data. */
export class CuratedFileDiffers extends Error {
  constructor(path: string, recorded: string | null, found: string | null) {
    super(`expected ${path} with sha256 ${recorded ?? '(no file)'}, found ${found ?? 'no file'}`)
    this.name = 'CuratedFileDiffers'
  }
}

/**
 * Judges exactly the expected cells: present ones nobody expected are ignored, expected ones without rows are judged as absent,
 * whatever the database says of them. `sessions` must hold the sessions of the partition, and those of `neighbours`
 * that should count. Repeating it with the same inputs writes the same bytes. Throws CuratedFileDiffers, and an Error when the curated file is
 * replaced meanwhile: ask again.
 */
export async function judgePartition(lake: Lake, request: JudgeRequest): Promise<Judgement> {
  const { dataset, spec, partition } = request
  const file = curatedFile(lake.root, dataset, spec.partition, partition)
  checkCells(request)
  const before = await identityOf(file)
  const sha256 = before === null ? null : await sha256OfFile(file)
  const { curatedSha256: recorded = sha256 } = request
  if (sha256 !== recorded) throw new CuratedFileDiffers(file, recorded, sha256)
  if (sha256 === null) return judgeAbsentPartition(lake, request)
  const damaged = (await request.damagedIn?.(file)) ?? []
  return withMeasuredCells(lake, withDamage(request, damaged), async (cells) => {
    const verdicts = await judgeShapes(lake, request, cells)
    if ((await identityOf(file)) !== before) {
      throw new Error(
        `${file} was replaced while it was judged: its verdicts would be of no file; judge the partition again`,
      )
    }
    const rows = [...verdicts].map(([facts, { status, flags, second }]) => [
      facts,
      status,
      flags.join(','),
      second?.action ?? null,
    ])
    const columns = { facts: 'VARCHAR', status: 'VARCHAR', flags: 'VARCHAR', action: 'VARCHAR' }
    return withTable(lake.duck, 'qc_verdicts', columns, rows, async (table) => {
      const judged = `${cells} c JOIN ${table} v ON v.facts = c.facts`
      const fragment = await writeFragment(lake, request, judged, sha256)
      const remarkable = await remarkableOf(lake, judged, verdicts)
      const flagged = remarkable.filter(({ status }) => status !== 'GREEN')
      const seconds = remarkable.filter(({ second }) => second !== null)
      return { ...(await countsOf(lake, judged)), flagged, seconds, fragment }
    })
  })
}

function withDamage(request: JudgeRequest, damaged: readonly { symbol: string; dt: Dt }[]): JudgeRequest {
  if (damaged.length === 0) return request
  const keys = new Set(damaged.map(({ symbol, dt }) => cellKey(symbol, dt)))
  const cells = request.cells.map((cell) =>
    keys.has(cellKey(cell.symbol, cell.dt)) ? { ...cell, isDamaged: true } : cell,
  )
  return { ...request, cells }
}

/** The verdict of each distinct set of facts. */
async function judgeShapes(lake: Lake, { spec, qc }: JudgeRequest, cells: string): Promise<Map<string, Verdict>> {
  const shapes = await lake.duck.all<{ facts: string }>(`SELECT DISTINCT facts FROM ${cells}`)
  return new Map(shapes.map(({ facts }) => [facts, verdictOf(spec.expected_rows, factsOf(facts), qc, CHECKS)]))
}

async function countsOf(lake: Lake, judged: string): Promise<Pick<Judgement, 'cells' | 'green' | 'amber' | 'red'>> {
  const [counts] = await lake.duck.all<{ cells: number; green: number; amber: number; red: number }>(
    `SELECT count(*) AS cells, count(*) FILTER (WHERE status = 'GREEN') AS green,
       count(*) FILTER (WHERE status = 'AMBER') AS amber, count(*) FILTER (WHERE status = 'RED') AS red FROM ${judged}`,
  )
  return counts ?? { cells: 0, green: 0, amber: 0, red: 0 }
}

/** Cells that are not GREEN, and those that a second vendor's version decided something of. */
async function remarkableOf(lake: Lake, judged: string, verdicts: Map<string, Verdict>): Promise<JudgedCell[]> {
  const rows = await lake.duck.all<{
    symbol: string
    dt: Dt
    facts: string
    row_count: number
    expected_rows: number | null
    vendor: string | null
    second_vendor: string | null
  }>(
    `SELECT c.symbol, c.dt, c.facts, c.row_count, c.expected_rows, c.vendor, c.second_vendor FROM ${judged} WHERE v.status <> 'GREEN' OR v.action IS NOT NULL ORDER BY c.symbol, c.dt`,
  )
  return rows.map((row) => {
    const verdict = verdicts.get(row.facts)
    if (verdict === undefined) throw new Error(`expected a verdict for ${row.symbol} ${row.dt}, got none`)
    const { symbol, dt, row_count, expected_rows, vendor, second_vendor } = row
    const cell = { symbol, dt, rows: row_count, expectedRows: expected_rows, vendor, secondVendor: second_vendor }
    return { ...cell, ...verdict }
  })
}

/** What tells one version of a file from the next; null when there is none. */
async function identityOf(path: string): Promise<string | null> {
  return stat(path).then(
    (found) => `${found.ino}:${found.size}:${found.mtimeMs}`,
    (error: unknown) => {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
      throw error
    },
  )
}
