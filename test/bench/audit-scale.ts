/** The audit at one scale. `prepare ROOT SYMBOLS` fills the masks, one day in a hundred missing; `measure ROOT SYMBOLS` audits them. */
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { enqueueTasks, type NewTask } from '../../db/gap-tasks/enqueue-tasks.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { monthMasks, symbolRanges } from '../../functions/_expected/expected.ts'
import { stateFile } from '../../functions/_lake/paths.ts'
import { virtualClock } from '../../functions/_runtime/clock.ts'
import { type RunningNode, startNode } from '../../functions/_runtime/start.ts'
import { audit } from '../../functions/audit.ts'
import { shippedConfig, writeBareConfig } from '../write-config.ts'
import { timed, watchLoop } from './watch.ts'

export interface Measured {
  cells: number
  gaps: number
  /** The bare join of symbols, months and masks, counting the missing days. */
  joinMs: number
  auditMs: number
  againMs: number
  nightlyMs: number
  blockedMs: number
  rssMb: number
  coverageMb: number
  enqueueMs: number
  /** The same rows inserted into the same table, in the same batches, without looking at what is there. */
  insertMs: number
  queueMb: number
}

const DATASET = 'equities_bars'
const ASOF = '2025-07-08'
const NEXT = '2025-07-09'
/** Symbols whose masks are written in one statement. */
const CHUNK = 100
const OPEN_TASKS = 250_000
/** As the audit writes them. */
const TASKS_PER_WRITE = 6_000

async function main([phase = '', root = '', symbols = '']: string[]): Promise<void> {
  await mkdir(join(root, 'data_layer', 'state'), { recursive: true })
  const env = await writeScene(root, Number(symbols))
  const clock = virtualClock(instantOf(ASOF, '20:30'))
  const running = await startNode({ env, clock, sink: () => undefined })
  try {
    if (phase === 'prepare') await prepare(running)
    else process.stdout.write(`${JSON.stringify(await measure(running, root, (ms) => clock.sleep(ms)))}\n`)
  } finally {
    await running.stop()
  }
}

/** A node that wants daily bars of so many symbols from one vendor that has all of them, and has no schedule. */
async function writeScene(root: string, symbols: number): Promise<Record<string, string>> {
  const shipped = await shippedConfig()
  const { datasets, ...massive } = shipped.vendors.massive!
  const terms = { ...datasets[DATASET]!, history: { from: '1990-01-02' } }
  return writeBareConfig(root, {
    vendors: { massive: { ...massive, datasets: { [DATASET]: terms } } },
    datasets: { [DATASET]: { ...shipped.datasets[DATASET], depth: { years: 20 } } },
    universe: Array.from({ length: symbols }, (_, at) => ({
      symbol: `S${String(at).padStart(4, '0')}`,
      from: '1990-01-02',
    })),
    qc: shipped.qc,
  })
}

/** Every session present, but for about one in a hundred: in a fifth of the months the first session is missing. */
async function prepare({ node }: RunningNode): Promise<void> {
  const spec = node.config.datasets[DATASET]!
  const until = 2 ** Number(ASOF.slice(8)) - 1
  const known = monthMasks(spec, ASOF).map(({ month, mask }) => ({
    month,
    mask: month === ASOF.slice(0, 7) ? mask & until : mask,
  }))
  const months = JSON.stringify(known)
  const ranges = symbolRanges(node.config, spec, ASOF)
  for (let at = 0; at < ranges.length; at += CHUNK) {
    const chunk = JSON.stringify(ranges.slice(at, at + CHUNK).map(({ symbol }, index) => ({ symbol, n: at + index })))
    await node.db.write([
      sql`INSERT INTO coverage (dataset, symbol, month, present)
          SELECT ${DATASET}, l.value->>'symbol', m.value->>'month',
            CASE WHEN ((l.value->>'n') * 2654435761 + m.key * 40503) % 100 < 21
              THEN (m.value->>'mask') & ((m.value->>'mask') - 1) ELSE m.value->>'mask' END
          FROM json_each(${chunk}) l CROSS JOIN json_each(${months}) m`,
    ])
  }
  await node.db.write([sql`PRAGMA wal_checkpoint(TRUNCATE)`]).catch(() => undefined)
}

async function measure({ node }: RunningNode, root: string, sleep: (ms: number) => Promise<void>): Promise<Measured> {
  const spec = node.config.datasets[DATASET]!
  const sizeMb = async (): Promise<number> => {
    const file = stateFile(join(root, 'data_layer'))
    const sizes = await Promise.all(
      [file, `${file}-wal`].map((path) =>
        stat(path).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    )
    return sizes.reduce((a, b) => a + b, 0) / 2 ** 20
  }
  const coverageMb = await sizeMb()
  const loop = watchLoop()
  const [first, auditMs] = await timed(() => audit(node, { at: node.now() }))
  const [, againMs] = await timed(() => audit(node, { at: node.now() }))
  await sleep(instantOf(NEXT, '20:30') - node.now())
  const [nightly, nightlyMs] = await timed(() => audit(node, { at: node.now() }))
  const blockedMs = loop.stop()
  const symbols = node.config.universe.length
  if (nightly.gaps !== symbols) throw new Error(`expected ${symbols} new gaps one session later, got ${nightly.gaps}`)
  const rssMb = process.resourceUsage().maxRSS / 1024
  // The peer: the same masks joined once, in one statement, without doing anything about what is found. The best of three, one after the
  // other: started together, each would wait for those before it and seem to take their time as well.
  const joins: number[] = []
  for (let run = 0; run < 3; run++) joins.push((await timed(() => bareJoin(node, spec)))[1])
  const joinMs = Math.min(...joins)
  await node.db.write([sql`DELETE FROM gap_tasks`])
  const tasks = openTasks(
    node.config.universe.map(({ symbol }) => symbol),
    node.now(),
  )
  const batches = Array.from({ length: Math.ceil(tasks.length / TASKS_PER_WRITE) }, (_, at) =>
    tasks.slice(at * TASKS_PER_WRITE, (at + 1) * TASKS_PER_WRITE),
  )
  const [, insertMs] = await timed(async () => {
    for (const batch of batches) await bareInsert(node, batch)
  })
  await node.db.write([sql`DELETE FROM gap_tasks`])
  const [enqueued, enqueueMs] = await timed(async () => {
    let count = 0
    for (const batch of batches) count += await enqueueTasks(node.db, DATASET, batch, node.now())
    return count
  })
  if (enqueued !== tasks.length) throw new Error(`expected ${tasks.length} tasks, got ${enqueued}`)
  return {
    cells: first.expected,
    gaps: first.gaps,
    joinMs,
    auditMs,
    againMs,
    nightlyMs,
    blockedMs,
    rssMb,
    coverageMb,
    enqueueMs,
    insertMs,
    queueMb: await sizeMb(),
  }
}

async function bareJoin(
  node: RunningNode['node'],
  spec: NonNullable<RunningNode['node']['config']['datasets'][typeof DATASET]>,
) {
  const symbols = JSON.stringify(symbolRanges(node.config, spec, ASOF).map(({ symbol }) => symbol))
  const months = JSON.stringify(monthMasks(spec, ASOF).map(({ month, mask }) => [month, mask]))
  return await node.db.all(sql`
    WITH months AS MATERIALIZED (
      SELECT CAST(value->>0 AS TEXT) AS month, CAST(value->>1 AS INTEGER) AS mask FROM json_each(${months})),
    symbols AS MATERIALIZED (SELECT CAST(value AS TEXT) AS symbol FROM json_each(${symbols}))
    SELECT count(*) AS months FROM symbols s CROSS JOIN months m
      LEFT JOIN coverage c ON c.dataset = ${DATASET} AND c.symbol = s.symbol AND c.month = m.month
    WHERE m.mask & ~coalesce(c.present | c.absent, 0) <> 0`)
}

const bareInsert = async ({ db, now }: RunningNode['node'], tasks: readonly NewTask[]): Promise<void> =>
  void (await db.write([
    sql`INSERT INTO gap_tasks (dataset, symbol, dt, lane, priority, expected_rows, reason, state, attempts, next_at, created_at, updated_at, sort_key)
        SELECT ${DATASET}, value->>0, value->>1, 'backfill', 0, 1, 'missing', 'queued', 0, ${now()}, ${now()}, ${now()}, replace(value->>1, '-', '') + 0
        FROM json_each(${JSON.stringify(tasks.map(({ symbol, dt }) => [symbol, dt]))})`,
  ]))

/** As many tasks as the queue may hold, or all there can be at a small scale. */
function openTasks(symbols: readonly string[], now: number): NewTask[] {
  const sessions = calendarOf('xnys').sessions('2005-07-08', ASOF)
  const tasks: NewTask[] = []
  for (const dt of sessions) {
    for (const symbol of symbols) {
      if (tasks.length === OPEN_TASKS) return tasks
      tasks.push({ symbol, dt, lane: 'backfill', priority: 0, expectedRows: 1, reason: 'missing', nextAt: now })
    }
  }
  return tasks
}

await main(process.argv.slice(2))
