import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import type { Difference } from '../../functions/_market/difference.ts'
import type { StepEnding } from '../../functions/_runtime/run-chain.ts'
import type { BarSource, LabBar } from '../lab/lab.ts'
import { bars, EVENING, type SmallTerms, startTestNode, type TestNode } from '../test-node.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const DAY = 86_400_000
const CHANGED = '2025-07-08'
/** Three sessions before the second evening: the night that filled it in was too early for its second window. */
const OLDER = '2025-07-03'

let node: TestNode
afterEach(() => node.remove())

/** A vendor that can change its mind about AAPL's bars: `change` is applied to every daily bar it serves from then on. */
function fickle(vendor: 'alpaca' | 'massive'): BarSource & { change: (bar: LabBar) => LabBar | null } {
  const steady = bars(vendor)
  return {
    ...steady,
    change: (bar) => bar,
    daily(symbol, from, to) {
      const found = steady.daily(symbol, from, to)
      return symbol === 'AAPL' ? found.flatMap((bar) => this.change(bar) ?? []) : found
    },
  }
}

async function setup(terms: SmallTerms = {}): Promise<ReturnType<typeof fickle>> {
  const alpaca = fickle('alpaca')
  node = await startTestNode({ sources: { alpaca }, ...terms })
  return alpaca
}

/** Plays the night of the n-th evening after the first one. */
async function nightAfter(days: number): Promise<StepEnding[]> {
  const at = EVENING + days * DAY
  await node.clock.sleep(Math.max(0, at - node.clock.now()))
  const endings = await node.running().invoker.play('night', at)
  expect(endings.every(({ ok }) => ok)).toBe(true)
  return endings
}

const higher = (bar: LabBar): LabBar =>
  bar.dt === CHANGED ? { ...bar, h: bar.h! * 1.011, c: bar.c! * 1.01, v: bar.v! * 2 } : bar
const gone = (bar: LabBar): LabBar | null => (bar.dt === CHANGED ? null : bar)

const all = <Row>(text: string): Promise<Row[]> => node.running().node.db.all<Row>(sql.raw(text))
const corrections = (): Promise<Record<string, unknown>[]> => all('SELECT * FROM corrections ORDER BY symbol, dt, at')
const differenceOf = (row: Record<string, unknown> | undefined): Difference | null =>
  row?.difference == null ? null : (JSON.parse(String(row.difference)) as Difference)
const rereads = (): Promise<{ symbol: string; dt: string; vendor: string; state: string; lastOutcome: string }[]> =>
  all(
    `SELECT symbol, dt, vendor, state, last_outcome AS lastOutcome FROM gap_tasks WHERE reason = 're_read' ORDER BY id`,
  )
const closeOf = async (folder: string): Promise<number | undefined> => {
  const file = join(node.root, folder, 'year=2025/data.parquet')
  const [row] = await node
    .running()
    .node.lake.duck.all<{ close: number }>(
      `SELECT close FROM read_parquet(${sqlText(file)}) WHERE symbol = 'AAPL' AND dt = DATE '${CHANGED}'`,
    )
  return row?.close
}
const curatedClose = () => closeOf('data_layer/curated/equities_bars')
const bundle = async (name: 'MANIFEST.json' | 'README.md', day = 'latest') =>
  await readFile(join(node.root, day === 'latest' ? 'exports/latest' : `exports/nightly/${day}`, name), 'utf8')

describe('restatement: a bar that changes after the close', () => {
  test('is asked for again the next evening, replaced everywhere, and told to the trainer', async () => {
    const alpaca = await setup()
    await nightAfter(0)
    const before = await curatedClose()
    expect(JSON.parse(await bundle('MANIFEST.json')).corrections).toEqual({ total: 0, more: 0, cells: [] })
    expect(await bundle('README.md')).not.toContain('Corrected')
    alpaca.change = higher
    await nightAfter(1)

    expect((await rereads()).map(({ symbol, dt, vendor }) => `${symbol} ${dt} ${vendor}`)).toEqual(
      [OLDER, CHANGED].flatMap((dt) => ['AAPL', 'MSFT'].map((symbol) => `${symbol} ${dt} alpaca`)),
    )
    expect(await curatedClose()).toBeCloseTo(before! * 1.01, 6)
    expect(await closeOf('exports/latest/curated/equities_bars')).toBe(await curatedClose())
    const [correction, ...others] = await corrections()
    expect(others).toEqual([])
    expect(correction).toMatchObject({ symbol: 'AAPL', dt: CHANGED, vendor: 'alpaca', rows_before: 1, rows: 1 })
    expect(correction).toMatchObject({ at: EVENING + DAY, verdict: 'replaced', window_sessions: 1 })
    const difference = differenceOf(correction)
    expect(difference).toMatchObject({ added: 0, removed: 0, changed: 1 })
    expect(difference?.fields).toMatchObject([
      { field: 'high', rows: 1, emptied: 0, largest: expect.any(Number) },
      { field: 'close', rows: 1, emptied: 0, largest: expect.closeTo(0.01, 9) },
      { field: 'volume', rows: 1, emptied: 0, largest: 1 },
    ])

    const lines = await readFile(
      join(node.root, 'data_layer/manifests/alpaca/equities_bars/manifest-2025-07-10.jsonl'),
      'utf8',
    )
    const replaced = lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ verdict }) => verdict === 'replaced')
    // The line has all digits, the database the first ones.
    const beginsWith = (digest: unknown) => expect.stringMatching(new RegExp(`^${digest}[0-9a-f]{32}$`))
    const { previous, digest } = correction!
    expect(replaced).toMatchObject([{ symbol: 'AAPL', previous: beginsWith(previous), digest: beginsWith(digest) }])

    const told = JSON.parse(await bundle('MANIFEST.json')).corrections
    expect(told).toMatchObject({ total: 1, more: 0, cells: [{ symbol: 'AAPL', dt: CHANGED, rowsBefore: 1, rows: 1 }] })
    expect(told.cells[0]).toMatchObject({ previous: correction!.previous, digest: correction!.digest })
    expect(told.cells[0]).toMatchObject({ window: 1, difference })
    const readme = await bundle('README.md')
    expect(readme).toMatch(
      new RegExp(
        `^- equities_bars AAPL ${CHANGED} \\(alpaca, 1 session later\\): 1 row changed: high in 1 by up to [\\d.]+ %, close in 1 by up to 1 %, volume in 1 by up to 100 %$`,
        'm',
      ),
    )
    expect(readme).toContain('| equities_bars | volume | 1 | 1 | 100 % |')
  })

  test('is asked for once after one session and once after three, and told once', async () => {
    const alpaca = await setup()
    await nightAfter(0)
    alpaca.change = higher
    await nightAfter(1)
    await nightAfter(2)
    expect(JSON.parse(await bundle('MANIFEST.json')).corrections.total).toBe(0)
    const asked = async () => (await rereads()).filter(({ symbol, dt }) => symbol === 'AAPL' && dt === CHANGED).length
    expect(await asked()).toBe(1)
    await nightAfter(3)
    expect(await asked()).toBe(2)
    await nightAfter(6)
    expect(await asked()).toBe(2)
    expect(await corrections()).toHaveLength(1)
    expect(JSON.parse(await bundle('MANIFEST.json', '2025-07-09')).corrections.total).toBe(1)
  })

  test('costs nothing when the same evening is played again', async () => {
    const alpaca = await setup()
    await nightAfter(0)
    alpaca.change = higher
    await nightAfter(1)
    const [asked, sums] = [node.asked(), await bundle('MANIFEST.json')]
    await nightAfter(1)
    expect((await node.post('/audit')).body).toMatchObject({ rereads: 0, enqueued: 0 })
    expect(node.asked()).toBe(asked)
    expect(await bundle('MANIFEST.json')).toBe(sums)
  })

  test('rides with its neighbours: one call asks for all symbols and days again', async () => {
    await setup()
    await nightAfter(0)
    node.lines.length = 0
    await nightAfter(1)
    const answered = node.lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'dispatch.answered')
    expect(answered.map(({ vendor, tasks, calls }) => ({ vendor, tasks, calls }))).toEqual([])
    for (const vendor of ['alpaca', 'massive', 'fred'] as const) expect(node.lab[vendor].stats().violations).toBe(0)
  })

  test('is caught up by one reading when the node was off for a week', async () => {
    const alpaca = await setup()
    await nightAfter(0)
    alpaca.change = higher
    await nightAfter(8)
    const mine = (await rereads()).filter(({ symbol, dt }) => symbol === 'AAPL' && dt === CHANGED)
    expect(mine).toMatchObject([{ state: 'done', lastOutcome: 'filled' }])
    expect(await corrections()).toHaveLength(1)
    const asked = node.asked()
    await nightAfter(8)
    expect(node.asked()).toBe(asked)
  })
})

describe('restatement: a reading that brings nothing', () => {
  test('of the same bar leaves coverage, partition and files alone, and is remembered', async () => {
    await setup()
    await nightAfter(0)
    await node.clock.sleep(DAY)
    await node.post('/ingest-tick')
    const version = () => all<{ version: number }>(`SELECT version FROM partitions WHERE dataset = 'equities_bars'`)
    const before = await version()
    expect((await node.post('/audit')).body).toMatchObject({ rereads: 4 })
    const audited = await version()
    expect((await node.post('/dispatch-one-task')).body).toMatchObject({ outcomes: { filled: 4 } })
    expect(await version()).toEqual(audited)
    expect(before).toHaveLength(1)
    expect(await corrections()).toEqual([])
    expect((await node.post('/audit')).body).toMatchObject({ rereads: 0 })
  })

  test('because the vendor forgot the bar never makes it absent, and is not repeated', async () => {
    const alpaca = await setup()
    await nightAfter(0)
    const before = await curatedClose()
    alpaca.change = gone
    await nightAfter(1)
    expect((await rereads()).filter(({ dt }) => dt === CHANGED)).toMatchObject([
      { symbol: 'AAPL', state: 'done', lastOutcome: 'empty' },
      { symbol: 'MSFT', state: 'done', lastOutcome: 'filled' },
    ])
    expect(await curatedClose()).toBe(before)
    const [refused, ...others] = await corrections()
    expect(others).toEqual([])
    expect(refused).toMatchObject({ verdict: 'kept_more_rows', rows_before: 1, rows: 0, window_sessions: 1 })
    expect(differenceOf(refused)).toEqual({ added: 0, removed: 1, changed: 0, fields: [] })
    const manifest = JSON.parse(await bundle('MANIFEST.json'))
    expect(manifest.corrections.total).toBe(0)
    expect(manifest.refused).toMatchObject({ total: 1, cells: [{ symbol: 'AAPL', dt: CHANGED, rows: 0 }] })
    expect(await bundle('README.md')).toContain(
      `- equities_bars AAPL ${CHANGED} (alpaca, 1 session later): 1 row gone (rows: 1 before, now 0)`,
    )
    expect((await node.get('/changes')).body.changes).toMatchObject([
      { verdict: 'kept_more_rows', sentence: '1 row gone: fewer rows, kept the old ones' },
    ])
    expect(await all(`SELECT * FROM absences`)).toEqual([])
    expect(await all(`SELECT * FROM coverage WHERE absent <> 0`)).toEqual([])
    expect(await all(`SELECT outcome FROM attempts WHERE symbol = 'AAPL' AND dt = '${CHANGED}'`)).toEqual([
      { outcome: 'filled' },
    ])
    expect((await node.post('/audit')).body).toMatchObject({ rereads: 0 })
  })

  test('because the vendor may not be asked any more is dropped, and the cell stays', async () => {
    await setup()
    await nightAfter(0)
    await node.clock.sleep(DAY)
    await node.post('/ingest-tick')
    expect((await node.post('/audit')).body).toMatchObject({ rereads: 4 })
    await node.reconfigure((config) => ({
      ...config,
      vendors: { ...config.vendors, alpaca: { ...config.vendors.alpaca!, calls_per_minute: 0 } },
    }))
    expect((await node.post('/audit')).body).toMatchObject({ rereads: 0 })
    expect((await rereads()).map(({ lastOutcome }) => lastOutcome)).toEqual(Array(4).fill('not_read'))
    expect(await curatedClose()).toBeGreaterThan(0)
  })
})

describe('restatement: a node that is killed between the raw file and the settlement', () => {
  /** Every lease is the dead process's; what it had written of the database is put back to the evening before. */
  async function killed(forget: string[], beforeStart = async () => {}): Promise<void> {
    await node.clock.sleep(DAY)
    await node.post('/ingest-tick')
    await node.post('/audit')
    const { db } = node.running().node
    const evidence = await all<Record<string, string | number | null>>(`SELECT * FROM attempts WHERE symbol = 'AAPL'`)
    const [task] = await all<{ id: number }>(`SELECT id FROM gap_tasks WHERE symbol = 'AAPL' AND reason = 're_read'`)
    await node.post('/dispatch-one-task')
    const known = evidence.find((row) => row.dt === CHANGED)!
    await db.write([
      sql`DELETE FROM corrections`,
      sql`UPDATE attempts SET digest = ${known.digest}, at = ${known.at}, reread_at = NULL WHERE symbol = 'AAPL' AND dt = ${CHANGED}`,
      sql`UPDATE gap_tasks SET state = 'leased', done_at = NULL, lease = 1 WHERE id = ${task!.id}`,
      sql`INSERT INTO leases (id, vendor, token, holder, leased_at, lease_expires_at, tasks)
          VALUES (1, 'alpaca', 'dead', 'dead', 0, ${node.clock.now() + DAY}, ${JSON.stringify([task!.id])})`,
      ...forget.map((statement) => sql.raw(statement)),
    ])
    await node.stop()
    await beforeStart()
    await node.start()
  }

  test('reads the manifest at its start and knows the correction', async () => {
    const alpaca = await setup()
    await nightAfter(0)
    const before = await curatedClose()
    alpaca.change = higher
    await killed([`DELETE FROM manifests`])
    expect(await corrections()).toMatchObject([{ symbol: 'AAPL', dt: CHANGED, vendor: 'alpaca', rows_before: 1 }])
    await nightAfter(1)
    expect(await corrections()).toHaveLength(1)
    expect(await curatedClose()).toBeCloseTo(before! * 1.01, 6)
    expect(JSON.parse(await bundle('MANIFEST.json')).corrections).toMatchObject({ total: 1 })
  })

  test('knows what changed from the manifest when it dies after the line and before the commit, and tells it once', async () => {
    const alpaca = await setup()
    await nightAfter(0)
    alpaca.change = higher
    await node.clock.sleep(DAY)
    await node.post('/ingest-tick')
    await node.post('/audit')
    const { db } = node.running().node
    // The commit is refused as a whole, so the disk is left as a kill in this place leaves it.
    await db.write([
      sql`CREATE TRIGGER dies BEFORE INSERT ON corrections BEGIN SELECT RAISE(ABORT, 'killed here'); END`,
    ])
    expect((await node.post('/dispatch-one-task')).body.failed).toMatch(/killed here/)
    expect(await corrections()).toEqual([])
    await db.write([sql`DROP TRIGGER dies`])
    await node.stop()
    await node.start()
    expect(node.running().recovered.replayed).toBe(1)
    const [replayed, ...others] = await corrections()
    expect(others).toEqual([])
    expect(replayed).toMatchObject({ symbol: 'AAPL', dt: CHANGED, verdict: 'replaced', window_sessions: 1 })
    expect(differenceOf(replayed)?.fields.map(({ field }) => field)).toEqual(['high', 'close', 'volume'])
    await nightAfter(1)
    expect(await corrections()).toEqual([replayed])
    expect(JSON.parse(await bundle('MANIFEST.json')).corrections).toMatchObject({ total: 1, cells: [{ window: 1 }] })
  })

  test('asks again when not even the manifest was written, and tells the change it can no longer measure', async () => {
    const alpaca = await setup()
    await nightAfter(0)
    const before = await curatedClose()
    alpaca.change = higher
    await killed([], async () => {
      const path = join(node.root, 'data_layer/manifests/alpaca/equities_bars/manifest-2025-07-10.jsonl')
      const lines = (await readFile(path, 'utf8')).split('\n')
      await writeFile(path, lines.filter((line) => !line.includes('"replaced"')).join('\n'))
    })
    expect(await corrections()).toEqual([])
    await nightAfter(1)
    expect(await corrections()).toMatchObject([{ symbol: 'AAPL', dt: CHANGED, difference: null }])
    expect(await curatedClose()).toBeCloseTo(before! * 1.01, 6)
    expect(await bundle('README.md')).toContain(`AAPL ${CHANGED} (alpaca, 1 session later): not measured`)
  })
})
