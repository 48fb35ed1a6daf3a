import { existsSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import type { Config } from '../../config/schema.ts'
import { sha256 } from '../../functions/_lake/digest.ts'
import { appendManifest, type NewManifestLine } from '../../functions/_lake/manifest.ts'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { curatedFile, rawFile } from '../../functions/_lake/paths.ts'
import { forget as forgetUpTo } from '../../functions/forget/index.ts'
import { ForgetBody } from '../../functions/forget/request.ts'
import { FIRST, SESSIONS, smallNode, startTestNode, type TestNode, UNIVERSE } from '../test-node.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let node: TestNode
afterEach(() => node.remove())

const BARS = 'equities_bars'
const only =
  (...symbols: string[]) =>
  (config: Config): Config => ({ ...config, universe: UNIVERSE.filter(({ symbol }) => symbols.includes(symbol)) })
const both = only('AAPL', 'MSFT')
const data = (): string => join(node.root, 'data_layer')
const forget = async (body: object = {}) => (await node.post('/forget', body)).body
const MSFT = { dataset: BARS, symbol: 'MSFT', dryRun: false }

/** What a node has after a night for two symbols, and when that night was over: played once, copied for each test. */
let played: { folder: string; until: number } | undefined
afterAll(() => played && rm(played.folder, { recursive: true }))

/** A node that played a night for two symbols and now wants one. */
async function withoutMsft(): Promise<void> {
  node = await smallNode(played ? { now: played.until } : {})
  if (played === undefined) {
    await node.start()
    await node.night()
    await node.stop()
    played = { folder: await mkdtemp(join(tmpdir(), 'forget-')), until: node.clock.now() }
    for (const name of ['data_layer', 'exports'])
      await cp(join(node.root, name), join(played.folder, name), { recursive: true, verbatimSymlinks: true })
  } else await cp(played.folder, node.root, { recursive: true, verbatimSymlinks: true })
  await node.reconfigure(only('AAPL'))
}

/** All files below a folder of the data root, with their bytes. */
async function filesBelow(folder: string): Promise<Record<string, string>> {
  const root = join(data(), folder)
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(
    await Promise.all(files.sort().map(async (file) => [relative(root, file), sha256(await readFile(file))])),
  )
}

/** What the database knows of cells, without instants. */
async function knowledge(): Promise<unknown> {
  const { db } = node.running().node
  return {
    attempts: await db.all(
      sql`SELECT dataset, symbol, dt, vendor, outcome, digest, rows FROM attempts ORDER BY dataset, dt, symbol, vendor`,
    ),
    coverage: await db.all(
      sql`SELECT * FROM coverage WHERE present | absent | short | held <> 0 ORDER BY dataset, symbol, month`,
    ),
    lost: await db.all(sql`SELECT path, why FROM lost_files ORDER BY path`),
  }
}

/** Kinds of what a verification of everything finds. */
async function found(): Promise<unknown> {
  const { body } = await node.post('/verify', { mode: 'deep' })
  expect(body.ok).toBe(true)
  return (body.findings as { kind: string; where: string }[]).map(({ kind, where }) => `${kind} ${where}`)
}

test('forget: a dry run, which is the default, counts cells, files and bytes, and changes nothing', async () => {
  await withoutMsft()
  const before = [await filesBelow('raw'), await filesBelow('manifests'), await node.databaseText()]
  const counted = await forget({ dataset: BARS })
  expect(counted).toMatchObject({ ok: true, dryRun: true, cells: SESSIONS, files: SESSIONS, more: false })
  expect(counted.bytes).toBeGreaterThan(0)
  expect([await filesBelow('raw'), await filesBelow('manifests'), await node.databaseText()]).toEqual(before)
})

test('forget: what is not wanted leaves raw files, coverage and curated files; what is wanted stays as it was', async () => {
  await withoutMsft()
  expect(await forget({ dryRun: false })).toMatchObject({ cells: SESSIONS, files: SESSIONS, more: false })
  const { duck } = node.running().node.lake
  const raw = readParquet(rawFile(data(), 'alpaca', BARS, 'date', FIRST, 'AAPL'))
  expect(await duck.all(`SELECT symbol FROM ${raw}`)).toEqual([{ symbol: 'AAPL' }])
  await node.night()
  const curated = readParquet(curatedFile(data(), BARS, 'year', '2025'))
  expect(await duck.all(`SELECT symbol, count(*) AS n FROM ${curated} GROUP BY ALL`)).toEqual([
    { symbol: 'AAPL', n: SESSIONS },
  ])
  expect(await found()).toEqual([])
})

test('forget: running it again changes nothing, and a rebuild from manifests does not bring anything back', async () => {
  await withoutMsft()
  await forget(MSFT)
  await node.night()
  const [files, known] = [await filesBelow('raw'), await knowledge()]
  const manifests = await filesBelow('manifests')
  expect(await forget(MSFT)).toMatchObject({ cells: 0, files: 0, bytes: 0 })
  expect(await filesBelow('manifests')).toEqual(manifests)
  expect((await node.post('/audit', { rebuild: true })).body).toMatchObject({ ok: true, unclaimedFiles: 0 })
  expect(await knowledge()).toEqual(known)

  await node.stop()
  await rm(join(data(), 'state'), { recursive: true })
  await node.start()
  const { attempts } = (await knowledge()) as { attempts: { symbol: string; outcome: string }[] }
  expect(new Set(attempts.filter(({ symbol }) => symbol === 'MSFT').map(({ outcome }) => outcome))).toEqual(
    new Set(['forgotten']),
  )
  expect(await filesBelow('raw')).toEqual(files)
  await node.night()
  expect(await found()).toEqual([])
})

test('forget: a cell that is wanted again is a gap, is asked for again, and stays after a rebuild', async () => {
  await withoutMsft()
  await forget(MSFT)
  await node.reconfigure(both)
  expect((await node.post('/audit')).body).toMatchObject({ gaps: SESSIONS })
  const asked = node.asked()
  await node.night()
  expect(node.asked()).toBeGreaterThan(asked)
  const known = await knowledge()
  await node.stop()
  await rm(join(data(), 'state'), { recursive: true })
  await node.start()
  expect(((await knowledge()) as { coverage: unknown }).coverage).toEqual((known as { coverage: unknown }).coverage)
  await node.night()
  expect(await found()).toEqual([])
})

test('forget: a call ends behind the day on which it had forgotten enough, and the next one goes on', async () => {
  await withoutMsft()
  const body = ForgetBody.parse({ dryRun: false })
  const calls: unknown[] = []
  for (let more = true; more; ) {
    const answer = await forgetUpTo(node.running().node, body, 4)
    calls.push(answer.cells)
    more = answer.more
  }
  expect(calls).toEqual([4, SESSIONS - 4])
})

test('forget: days without events that are kept by month go as rows would', async () => {
  await withoutMsft()
  const { db } = node.running().node
  // 1 to 8 July.
  const july = 0b1100_1111
  await db.write([
    sql`INSERT INTO empty_months (dataset, symbol, month, vendor, days, first_at, last_at) VALUES
      (${BARS}, 'AAPL', '2025-07', 'third', ${july}, 1, 2), (${BARS}, 'MSFT', '2025-07', 'third', ${july}, 1, 2),
      (${BARS}, 'MSFT', '2025-07', 'fourth', 1, 1, 2)`,
  ])
  const months = () => db.all(sql`SELECT symbol, vendor, days FROM empty_months`)
  await forget({ dataset: BARS, symbol: 'MSFT' })
  expect(await months()).toHaveLength(3)
  await forget(MSFT)
  expect(await months()).toEqual([{ symbol: 'AAPL', vendor: 'third', days: july }])
})

test('forget: cells outside a life that only vendors state are kept', async () => {
  node = await startTestNode()
  await node.night()
  const { config } = node.running().node
  config.stated = config.universe
  config.universe = config.universe.filter(({ symbol }) => symbol !== 'MSFT')
  expect(await forget(MSFT)).toMatchObject({ cells: 0, refused: [expect.stringContaining('MSFT')] })
})

test('forget: two calls at once come to the end of one', async () => {
  await withoutMsft()
  const answers = await Promise.all([forget(MSFT), forget(MSFT)])
  expect(answers.map(({ ok }) => ok)).toEqual([true, true])
  expect(Number(answers[0]!.cells) + Number(answers[1]!.cells)).toBe(SESSIONS)
  await node.night()
  expect(await found()).toEqual([])
})

test('forget: expected cells are refused in words, and stay', async () => {
  node = await startTestNode()
  await node.night()
  const before = await knowledge()
  const answer = await forget({ dataset: BARS, symbol: 'AAPL', dryRun: false })
  expect(answer).toMatchObject({ ok: true, cells: 0 })
  expect(answer.refused).toEqual([
    'AAPL of equities_bars is expected from 2025-06-30 to 2025-07-08: these cells stay. Remove the symbol, shorten the depth or disable the dataset first',
  ])
  expect(await knowledge()).toEqual(before)
})

test.each([
  [{ before: '2025-07-02' }, 2],
  [{ after: '2025-07-02' }, SESSIONS - 3],
  [{ after: '2025-06-30', before: '2025-07-02' }, 1],
])('forget: %j narrows to these days', async (window, cells) => {
  await withoutMsft()
  expect(await forget({ dataset: BARS, ...window })).toMatchObject({ cells })
  expect(await forget({ ...MSFT, ...window })).toMatchObject({ cells })
  expect(await forget({ ...MSFT })).toMatchObject({ cells: SESSIONS - cells })
})

test('forget: a dataset or a window that makes no sense is refused', async () => {
  node = await startTestNode()
  expect(await node.post('/forget', { dataset: 'options_bars' })).toMatchObject({
    status: 404,
    body: { error: expect.stringContaining('put its entry back with enabled: false') },
  })
  expect((await node.post('/forget', { after: '2025-07-02', before: '2025-07-02' })).status).toBe(400)
  expect((await node.post('/forget', { symbol: 'aapl' })).status).toBe(400)
})

test('forget: where each cell has its own file, that file goes, with the folders that are empty then', async () => {
  const apart = (config: Config): Config => {
    const spec = { ...config.datasets.equities_bars!, raw_layout: 'date-symbol' as const }
    return { ...config, datasets: { equities_bars: spec } }
  }
  node = await startTestNode({ change: apart })
  await node.night()
  await node.reconfigure(only('AAPL'))
  const before = Object.keys(await filesBelow('raw'))
  expect(await forget(MSFT)).toMatchObject({ cells: SESSIONS, files: SESSIONS })
  expect(Object.keys(await filesBelow('raw'))).toEqual(before.filter((path) => !path.includes('symbol=MSFT')))
  expect(existsSync(dirname(rawFile(data(), 'alpaca', BARS, 'date-symbol', FIRST, 'MSFT')))).toBe(false)
  await node.post('/audit', { rebuild: true })
  await node.night()
  expect(await found()).toEqual([])
})

test('forget: days that a shorter depth left out go with the curated files of their partitions', async () => {
  const byDay =
    (from: string) =>
    (config: Config): Config => {
      const spec = { ...config.datasets.equities_bars!, partition: 'date' as const, depth: { from } }
      return { ...config, datasets: { equities_bars: spec } }
    }
  node = await startTestNode({ change: byDay(FIRST) })
  await node.night()
  await node.reconfigure(byDay('2025-07-07'))
  await node.post('/audit')
  expect(await forget({ dryRun: false })).toMatchObject({ cells: 2 * (SESSIONS - 2) })
  expect(Object.keys(await filesBelow('curated'))).toHaveLength(2)
  await node.night()
  expect(Object.keys(await filesBelow('curated'))).toHaveLength(2)
  expect(await found()).toEqual([])
})

test('forget: a disabled dataset goes as a whole, with its curated files', async () => {
  node = await startTestNode()
  await node.night()
  await node.reconfigure((config) => ({
    ...config,
    datasets: { ...config.datasets, macro_treasury: { ...config.datasets.macro_treasury!, enabled: false } },
  }))
  expect(await forget({ dataset: 'macro_treasury', dryRun: false })).toMatchObject({ cells: SESSIONS })
  expect(Object.keys(await filesBelow('raw')).filter((path) => path.includes('macro_treasury'))).toEqual([])
  expect(Object.keys(await filesBelow('curated')).filter((path) => path.includes('macro_treasury'))).toEqual([])
  await node.reconfigure((config) => ({
    ...config,
    datasets: { ...config.datasets, macro_treasury: { ...config.datasets.macro_treasury!, enabled: true } },
  }))
  expect((await node.post('/audit')).body).toMatchObject({ gaps: SESSIONS })
  await node.night()
  expect(await found()).toEqual([])
})

test('forget: killed between any two steps and repeated, it comes to the same end', async () => {
  await withoutMsft()
  const [before, after] = [join(node.root, 'before'), join(node.root, 'after')]
  await node.stop()
  await cp(data(), before, { recursive: true })
  await node.start()
  await forget(MSFT)
  const end = [await filesBelow('raw'), await knowledge()]
  await node.stop()
  await cp(data(), after, { recursive: true })

  /** Each step that had come through, and where the process was killed then. */
  const steps: Record<string, string[]> = {
    'nothing was done': [],
    files: ['raw'],
    'files and lines': ['raw', 'manifests'],
  }
  for (const [killed, done] of Object.entries(steps)) {
    await rm(data(), { recursive: true })
    await cp(before, data(), { recursive: true })
    for (const folder of done) {
      await rm(join(data(), folder), { recursive: true })
      await cp(join(after, folder), join(data(), folder), { recursive: true })
    }
    await node.start()
    // A file is replaced behind its recorded hash.
    await recordHashesOf(after)
    await forget(MSFT)
    expect([await filesBelow('raw'), await knowledge()], killed).toEqual(end)
    await node.night()
    expect(await found(), killed).toEqual([])
    await node.stop()
  }
  await node.start()
})

/** What the database would have recorded of the files below another data root before they were put in place. */
async function recordHashesOf(root: string): Promise<void> {
  const { db } = node.running().node
  for (const { dt } of await db.all<{ dt: string }>(
    sql`SELECT DISTINCT dt FROM raw_files WHERE dataset = ${BARS} AND vendor = 'alpaca'`,
  )) {
    const hash = sha256(await readFile(rawFile(root, 'alpaca', BARS, 'date', dt, 'MSFT'))).slice(0, 32)
    await db.write([
      sql`UPDATE raw_files SET hash = unhex(${hash}) WHERE dataset = ${BARS} AND dt = ${dt} AND vendor = 'alpaca' AND symbol = ''`,
    ])
  }
}

test('forget: what a holder of an expired lease wrote late is forgotten by the next call', async () => {
  await withoutMsft()
  const path = rawFile(data(), 'alpaca', BARS, 'date', FIRST, 'MSFT')
  const whole = await readFile(path)
  await forget(MSFT)
  const end = await filesBelow('raw')
  // The file and its line are written, and nothing is settled: the lease had passed on.
  await writeFile(path, whole)
  const folder = join(data(), 'manifests/alpaca', BARS)
  const [name] = (await readdir(folder)).sort()
  const lines = (await readFile(join(folder, name!), 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
  const { crc, ...line } = lines.find(({ symbol, dt, digest }) => symbol === 'MSFT' && dt === FIRST && digest)
  expect(crc).toBeDefined()
  const late = new Date(node.clock.now() + 60_000).toISOString()
  await node.clock.sleep(120_000)
  await appendManifest(join(folder, name!), [{ ...line, fetched_at: late, sha256: sha256(whole) } as NewManifestLine])
  expect(await forget(MSFT)).toMatchObject({ cells: 1 })
  expect(await filesBelow('raw')).toEqual(end)
  await node.night()
  expect(await found()).toEqual([])
})
