/** Part of `proportion`: the database in bytes a settled cell, before and after its evidence is packed, and what packing and reading it takes. */
import { listAccepted } from '../../../db/attempts/list-accepted.ts'
import { listCellAttempts } from '../../../db/attempts/list-cell-attempts.ts'
import { versionsOfDay } from '../../../db/attempts/versions-of-day.ts'
import type { Db } from '../../../db/client.ts'
import { evidenceMonths, rebuildCoverage } from '../../../db/coverage/rebuild-coverage.ts'
import { packMonths } from '../../../db/packed-months/pack-months.ts'
import { audit } from '../../../functions/audit.ts'
import { sweep } from '../../../functions/sweep.ts'
import { type BenchRow, figure } from '../row.ts'
import { timed, watchLoop } from '../watch.ts'
import { DAYS, MINUTES, type ProportionScene } from './scene.ts'

const LOOKS = 1_000
/** What is shown of a table is at least so many bytes a cell. */
const SHOWN = 0.1

export async function packedEvidence(scene: ProportionScene): Promise<BenchRow[]> {
  const { node } = scene.running
  const days = await scene.fill(DAYS)
  const minutes = await scene.fill(MINUTES)
  const cells = days + minutes
  const before = perCell(await scene.tableBytes(), cells)

  const cpu = process.cpuUsage()
  const longest = { ms: 0, processorMs: 0 }
  const timedNode = { ...node, db: timing(node.db, longest) }
  const loop = watchLoop()
  let calls = 0
  const [packed, packMs] = await timed(async () => {
    for (let all = 0; ; ) {
      const swept = await sweep(timedNode, { dryRun: false })
      calls += 1
      all += Number(swept.packed)
      if (swept.more !== true) return all
    }
  })
  const blockedMs = loop.stop()
  const { user, system } = process.cpuUsage(cpu)
  if (packed !== cells) throw new Error(`expected ${cells} cells to be packed, got ${packed}`)
  const tables = await scene.tableBytes()
  const after = perCell(tables, cells)
  const hashes = (tables.get('raw_files') ?? 0) / minutes

  const dts = (await evidenceMonths(node.db, DAYS)).flatMap((month) => month.dts)
  const whyMs = await processorMs(async () => {
    for (let look = 0; look < LOOKS; look++)
      await listCellAttempts(
        node.db,
        DAYS,
        `S${String((look * 37) % 3_000).padStart(4, '0')}`,
        dts[(look * 13) % dts.length]!,
      )
  })
  const dayMs = await processorMs(() => versionsOfDay(node.db, DAYS, dts.at(-1)!))
  const monthMs = await processorMs(() => listAccepted(node.db, DAYS, `${dts.at(-1)!.slice(0, 7)}-01`, dts.at(-1)!))
  const nothingMs = await processorMs(() => packMonths(node.db, DAYS, '2025-05', 1_000))
  const newest = (await evidenceMonths(node.db, DAYS)).at(-1)!
  const rebuildMs = await processorMs(() => rebuildCoverage(node.db, DAYS, newest, () => [], node.now()))
  await audit(node, { at: node.now() })
  const auditMs = await processorMs(() => audit(node, { at: node.now() }))

  return [
    figure('database before, a cell', before.all, 'B'),
    ...before.tables.map(([name, bytes]) => figure(`  ${name}`, bytes, 'B')),
    // A file a cell has a hash a cell, which is no evidence.
    figure('database packed, a cell, without hashes of raw files', after.all - (after.of('raw_files') ?? 0), 'B', 40),
    ...after.tables.map(([name, bytes]) => figure(`  ${name}`, bytes, 'B')),
    figure('hashes of raw files where each cell has a file, such a cell', hashes, 'B'),
    figure(`packing a million cells, processor (${calls} calls)`, ((user + system) / 1e6 / cells) * 1e6, 's', 30),
    figure('packing a million cells, time', (packMs / 1e3 / cells) * 1e6, 's'),
    figure('longest call of the database while packing, processor', longest.processorMs, 'ms', 200),
    figure('longest call of the database while packing', longest.ms, 'ms'),
    figure('longest stretch without the event loop', blockedMs, 'ms'),
    figure('evidence of one cell, mean of a thousand, processor', whyMs / LOOKS, 'ms', 5),
    figure('versions of a day of 3,000 symbols, processor', dayMs, 'ms', 200),
    figure('accepted versions of a month, processor', monthMs, 'ms'),
    figure('masks of a month compared with its evidence, processor', rebuildMs, 'ms'),
    figure('a look that finds nothing to pack, processor', nothingMs, 'ms'),
    figure('audit that finds nothing new, processor', auditMs, 'ms'),
  ]
}

/** Other work on the machine makes all of this last longer, and is no part of it. */
async function processorMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e3
}

interface PerCell {
  all: number
  tables: [string, number][]
  of(table: string): number | undefined
}

function perCell(bytes: ReadonlyMap<string, number>, cells: number): PerCell {
  const each = new Map([...bytes].map(([name, size]) => [name, size / cells]))
  const all = [...each.values()].reduce((sum, one) => sum + one, 0)
  return { all, tables: [...each].filter(([, one]) => one >= SHOWN), of: (table) => each.get(table) }
}

/** The same database, which notes its longest call. */
function timing(db: Db, longest: { ms: number; processorMs: number }): Db {
  const timing = <Terms extends unknown[], Answer>(call: (...terms: Terms) => Promise<Answer>) => {
    return async (...terms: Terms): Promise<Answer> => {
      const before = process.cpuUsage()
      const [answer, ms] = await timed(() => call(...terms))
      const { user, system } = process.cpuUsage(before)
      longest.ms = Math.max(longest.ms, ms)
      longest.processorMs = Math.max(longest.processorMs, (user + system) / 1e3)
      return answer
    }
  }
  return { ...db, all: timing(db.all) as Db['all'], write: timing(db.write), change: timing(db.change) }
}
