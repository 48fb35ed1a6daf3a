/** Which cells a second vendor is asked for: those that QC holds, and of those it doubts as many as a judgement may. */
import { type Attempt, listAttempts } from '../../db/attempts/list-attempts.ts'
import type { NewTask } from '../../db/gap-tasks/enqueue-tasks.ts'
import { availabilityOf } from '../_catalog/availability.ts'
import { type DatasetSource, sourcesFor, specOf } from '../_catalog/catalog.ts'
import { houseOf } from '../_catalog/house-of.ts'
import type { Node } from '../_http/node.ts'
import { type CellKey, cellKey, type DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import type { JudgedCell } from './judgement.ts'

const PRIORITY_HELD = 50
/** After the cells that nobody can use: these travel. */
const PRIORITY_DOUBTED = 40

export async function secondOpinions(
  node: Node,
  dataset: DatasetName,
  flagged: readonly JudgedCell[],
): Promise<Map<CellKey, NewTask>> {
  const held = flagged.filter((cell) => cell.status === 'RED' && cell.rows > 0)
  const doubted = flagged.filter((cell) => cell.status === 'AMBER' && cell.asksSecond && cell.rows > 0)
  if (held.length + doubted.length === 0) return new Map()
  const attempts = new Map<CellKey, Attempt[]>()
  for (const row of await listAttempts(node.db, dataset, [...held, ...doubted])) {
    const key = cellKey(row.symbol, row.dt)
    attempts.set(key, [...(attempts.get(key) ?? []), row])
  }
  const sources = sourcesFor(node, dataset)
  const known = (cell: JudgedCell): Attempt[] => attempts.get(cellKey(cell.symbol, cell.dt)) ?? []
  const tasks = new Map<CellKey, NewTask>()
  for (const cell of held) {
    const now = node.now()
    const asked = new Set(known(cell).flatMap((row) => (row.askAgainAt > now ? [row.vendor] : [])))
    const times = sources.flatMap((source) =>
      asked.has(source.connection.name) ? [] : servedAt(node, dataset, source, cell.dt),
    )
    if (times.length > 0) tasks.set(cellKey(cell.symbol, cell.dt), heldTask(cell, Math.min(...times)))
  }
  let asked = 0
  for (const cell of doubted) {
    if (asked >= node.config.qc.asking.doubts) break
    const task = doubtedTask(node, dataset, cell, sources, known(cell))
    if (task === null) continue
    tasks.set(cellKey(cell.symbol, cell.dt), task)
    asked++
  }
  return tasks
}

function servedAt(node: Node, dataset: DatasetName, { terms }: DatasetSource, dt: Dt): number[] {
  const served = availabilityOf(terms, specOf(node.config, dataset), dt, node.now())
  return served.can === 'now' ? [node.now()] : served.can === 'later' ? [served.at] : []
}

/** Any vendor that may be asked: nothing of the cell travels until one has a better version. */
const heldTask = ({ symbol, dt }: JudgedCell, askAt: number): NewTask => ({
  symbol,
  dt,
  lane: 'backfill',
  priority: PRIORITY_HELD,
  expectedRows: null,
  reason: 'second_opinion',
  nextAt: askAt,
})

/**
 * A re-reading by one named vendor of another house that never answered for the cell: whatever comes, the cell stays present, and no vendor is asked
 * twice about one doubt. Null where there is none.
 */
function doubtedTask(
  node: Node,
  dataset: DatasetName,
  { symbol, dt, vendor, expectedRows }: JudgedCell,
  sources: readonly DatasetSource[],
  known: readonly Attempt[],
): NewTask | null {
  if (vendor === null) return null
  const asked = new Set(known.map((row) => row.vendor))
  // Whoever was asked for a second view has given it, or has none.
  if (known.some((row) => houseOf(node, row.vendor) !== houseOf(node, vendor))) return null
  const best = sources
    .filter(({ connection: { name } }) => !asked.has(name) && houseOf(node, name) !== houseOf(node, vendor))
    .sort((a, b) => b.terms.preference - a.terms.preference)
    .flatMap((source) => servedAt(node, dataset, source, dt).map((at) => ({ name: source.connection.name, at })))[0]
  if (best === undefined) return null
  const place = { lane: 'backfill' as const, priority: PRIORITY_DOUBTED }
  return { symbol, dt, ...place, expectedRows, reason: 're_read', nextAt: best.at, vendor: best.name }
}
