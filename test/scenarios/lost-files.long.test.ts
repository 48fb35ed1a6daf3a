import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import {
  appendFile,
  chmod,
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { ASOF, EVENING, FIRST, type SmallTerms, startTestNode, type TestNode } from '../test-node.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const DAY = 86_400_000
const CURATED = 'curated/equities_bars/year=2025/data.parquet'
const YIELDS = 'curated/macro_treasury/year=2025/data.parquet'
const FRAGMENT = 'qc/ledger/equities_bars/2025.parquet'
const CELLS = 18

let node: TestNode
const setup = async (terms?: SmallTerms): Promise<void> => {
  node = await startTestNode(terms)
  expect((await node.night()).every(({ ok }) => ok)).toBe(true)
}
afterEach(() => node.remove())

const data = (path: string): string => join(node.root, 'data_layer', path)
const bundle = (path: string, day = ASOF): string => join(node.root, 'exports/nightly', day, path)
const manifest = async (folder = bundle('')) => JSON.parse(await readFile(join(folder, 'MANIFEST.json'), 'utf8'))
const latest = (): Promise<string> => readlink(join(node.root, 'exports/latest'))
const hashOf = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
const verify = (folder: string): string =>
  execFileSync('sha256sum', ['-c', '--strict', '--quiet', 'SHA256SUMS'], { cwd: folder, encoding: 'utf8' })
/** What every file of a folder tree holds. */
async function contents(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(
    await Promise.all(files.sort().map(async (file) => [file.slice(folder.length), await hashOf(file)] as const)),
  )
}
const lake = async () => ({ ...(await contents(data('curated'))), ...(await contents(data('qc'))) })

async function flipBit(path: string, at: number): Promise<void> {
  await chmod(path, 0o644)
  const file = await open(path, 'r+')
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at)
  buffer[0]! ^= 1
  await file.write(buffer, 0, 1, at)
  await file.close()
}

/** The next evening; the vendors of the lab have a day more. */
const nextEvening = async (): Promise<void> => node.clock.sleep(EVENING + DAY - node.clock.now())
const NEXT = '2025-07-09'

const DAMAGES: [string, () => Promise<unknown>][] = [
  ['all curated files are gone', () => rm(data('curated'), { recursive: true })],
  ['one curated file is gone', () => rm(data(CURATED))],
  ['a curated file is cut off', () => chmod(data(CURATED), 0o644).then(() => truncate(data(CURATED), 100))],
  ['a curated file is empty', () => chmod(data(CURATED), 0o644).then(() => truncate(data(CURATED), 0))],
  ['a bit of a curated file has flipped', () => flipBit(data(CURATED), 60)],
  [
    'a curated file has the bytes of another',
    async () => {
      await rm(data(CURATED))
      await copyFile(data(YIELDS), data(CURATED))
    },
  ],
  ['the ledger is gone', () => rm(data('qc'), { recursive: true })],
  ['one fragment of the ledger is gone', () => rm(data(FRAGMENT))],
  ['a fragment of the ledger is cut off', () => truncate(data(FRAGMENT), 50)],
  ['a bit of a fragment has flipped', () => flipBit(data(FRAGMENT), 60)],
  [
    'the ledger and all curated files are gone',
    () => rm(data('curated'), { recursive: true }).then(() => rm(data('qc'), { recursive: true })),
  ],
  [
    'a bundle was written through into the lake',
    async () => {
      await chmod(bundle(CURATED), 0o644)
      await appendFile(bundle(CURATED), 'scribble')
    },
  ],
]

test.each(DAMAGES)('lost files: %s: an export makes it again, and so does the whole chain', async (_name, damage) => {
  await setup()
  const [before, whole, asked] = [await contents(bundle('')), await lake(), node.asked()]
  await damage()
  const { body } = await node.post('/export')
  expect(body).toMatchObject({ ok: true, complete: true, latest: 'moved', lacking: null, unchecked: [], more: false })
  expect(body.damaged).toBeGreaterThan(0)
  expect(body).not.toHaveProperty('left')
  expect(await contents(bundle(''))).toEqual(before)
  expect(await lake()).toEqual(whole)
  expect(verify(bundle(''))).toBe('')
  expect((await node.post('/export')).body).toMatchObject({ verdict: 'unchanged', damaged: 0 })

  await damage()
  expect((await node.night()).filter(({ ok }) => !ok)).toEqual([])
  expect(await contents(bundle(''))).toEqual(before)
  expect(await lake()).toEqual(whole)
  expect(node.asked()).toBe(asked)
})

describe('lost files: what cannot be made again', () => {
  test('is named with its cells beside the bundle of the day, which stays, and the night is not ok', async () => {
    await setup()
    const before = await contents(bundle(''))
    const obstacle = data('curated/equities_bars')
    await rm(obstacle, { recursive: true })
    await writeFile(obstacle, 'in the way')
    const { body } = await node.post('/export')
    expect(body).toMatchObject({ verdict: 'held_back', complete: false, latest: 'kept', latestDay: ASOF })
    expect(body.left).toMatch(
      /1 partition is missing or behind, first equities_bars 2025: its file is missing; .*12 cells of the bundle of 2025-07-08 are lacking, first equities_bars AAPL 2025-06-30/,
    )
    expect(await contents(bundle(''))).toEqual(before)
    const beside = join(node.root, 'exports/held-back', ASOF)
    expect(verify(beside)).toBe('')
    const said = await manifest(beside)
    expect(said).toMatchObject({ complete: false, lacking: { than: ASOF, total: 12, more: 0 } })
    expect(said.incomplete).toMatchObject([{ dataset: 'equities_bars', partition: '2025', leftOut: true, cells: 12 }])
    expect(said.incomplete[0].first).toHaveLength(12)
    expect(said.incomplete[0].first[0]).toEqual({ symbol: 'AAPL', dt: FIRST })
    // The lost cells are not counted as good ones.
    expect(said.cells).toEqual([
      { dataset: 'equities_bars', status: 'RED', cells: 12, rows: 0 },
      { dataset: 'macro_treasury', status: 'GREEN', cells: 6, rows: expect.any(Number) },
    ])
    expect(await readFile(join(beside, 'README.md'), 'utf8')).toContain('**Not complete.**')
    expect(node.lines.some((line) => line.includes('export.made_incomplete'))).toBe(true)

    await rm(obstacle)
    await node.clock.sleep(60_000)
    const again = await node.post('/export', { at: new Date(EVENING).toISOString() })
    expect(again.body).toMatchObject({ verdict: 'unchanged', complete: true, latest: 'moved' })
    expect(existsSync(join(node.root, 'exports/held-back'))).toBe(false)
  })

  test('does not hold up a new day: its bundle holds the rest, latest stays, and moves once all is there again', async () => {
    await setup()
    const before = await contents(bundle(''))
    const obstacle = data('curated/macro_treasury')
    await rm(obstacle, { recursive: true })
    await writeFile(obstacle, 'in the way')
    await nextEvening()
    const night = (day: number) => node.running().invoker.play('night', day)
    const endings = await night(EVENING + DAY)
    expect(endings.filter(({ ok }) => !ok).map(({ call }) => call)).toContain('export')
    expect(await latest()).toBe(`nightly/${ASOF}`)
    expect(await contents(bundle(''))).toEqual(before)
    expect(verify(bundle('', NEXT))).toBe('')
    const said = await manifest(bundle('', NEXT))
    expect(said).toMatchObject({ complete: false, lacking: { than: ASOF, total: 6 } })
    expect(said.files.map(({ path }: { path: string }) => path)).toContain(CURATED)
    await rm(obstacle)
    await node.clock.sleep(6 * 3_600_000)
    expect((await night(EVENING + DAY)).filter(({ ok }) => !ok)).toEqual([])
    expect(await latest()).toBe(`nightly/${NEXT}`)
    expect(await manifest(bundle('', NEXT))).toMatchObject({ complete: true, lacking: null })
  })

  test('moves latest all the same when a person says so', async () => {
    await setup()
    const obstacle = data('curated/macro_treasury')
    await rm(obstacle, { recursive: true })
    await writeFile(obstacle, 'in the way')
    const { body } = await node.post('/export', { acceptLacking: true })
    expect(body).toMatchObject({ verdict: 'replaced', complete: false, latest: 'moved', lacking: { total: 6 } })
    expect(await manifest()).toMatchObject({ complete: false, lacking: { accepted: true, total: 6 } })
  })
})

test('lost files: with the data root gone under the node, an export leaves the bundle and latest as they are', async () => {
  await setup()
  const before = await contents(bundle(''))
  await rename(data(''), join(node.root, 'elsewhere'))
  const { status, body } = await node.post('/export')
  if (status === 200) expect(body).toMatchObject({ verdict: 'held_back', latest: 'kept', complete: false })
  expect(await contents(bundle(''))).toEqual(before)
  expect(await latest()).toBe(`nightly/${ASOF}`)
  await rm(data(''), { recursive: true, force: true })
  await rename(join(node.root, 'elsewhere'), data(''))
})

test('lost files: a node on an empty root replaces no bundle of a full one, and moves latest only to one that lacks nothing', async () => {
  await setup()
  const before = await contents(bundle(''))
  await node.stop()
  await rename(data(''), join(node.root, 'elsewhere'))
  await node.start()
  const { body } = await node.post('/export')
  expect(body).toMatchObject({ verdict: 'held_back', complete: false, latest: 'kept', lacking: { total: CELLS } })
  await nextEvening()
  await node.post('/audit')
  const next = (await node.post('/export')).body
  expect(next).toMatchObject({
    asof: NEXT,
    verdict: 'written',
    complete: false,
    latest: 'kept',
    lacking: { total: CELLS },
  })
  expect(await latest()).toBe(`nightly/${ASOF}`)
  expect(await contents(bundle(''))).toEqual(before)
  // The vendors still have everything: a night later nothing is lacking any more.
  await node.running().invoker.play('night', EVENING + DAY)
  expect(await latest()).toBe(`nightly/${NEXT}`)
  expect(await manifest(bundle('', NEXT))).toMatchObject({ complete: true, lacking: null })
})

test('lost files: a raw day that is gone is asked for again; until then latest stays, and the cells are named', async () => {
  await setup()
  const day = '2025-07-02'
  await rm(data(`raw/alpaca/equities_bars/date=${day}`), { recursive: true })
  await rm(data(CURATED))
  const { body } = await node.post('/export')
  expect(body).toMatchObject({ verdict: 'held_back', latest: 'kept', lacking: { total: 2 } })
  expect((body.lacking as { cells: object[] }).cells).toMatchObject([
    { dataset: 'equities_bars', symbol: 'AAPL', dt: day },
    { dataset: 'equities_bars', symbol: 'MSFT', dt: day },
  ])
  expect((await node.night()).filter(({ ok }) => !ok)).toEqual([])
  expect(await manifest()).toMatchObject({ complete: true, lacking: null })
})

test('lost files: a partition that failed before is tried again by the export, as soon as it may be', async () => {
  node = await startTestNode()
  for (const name of ['ingest-tick', 'audit', 'dispatch-one-task']) while ((await node.post(`/${name}`)).body.more);
  await mkdir(data('curated'), { recursive: true })
  await writeFile(data('curated/equities_bars'), 'in the way')
  for (const name of ['curate-partition', 'qc-partition']) while ((await node.post(`/${name}`)).body.more);
  await rm(data('curated/equities_bars'))
  const early = (await node.post('/export')).body
  expect(early).toMatchObject({ complete: false, latest: 'moved', more: false, incompletePartitions: 1 })
  expect(early.left).toMatch(
    /^1 partition is missing or behind, first equities_bars 2025: it is not curated yet; the last try failed: /,
  )
  expect(await readFile(bundle('MANIFEST.json'), 'utf8')).not.toContain(node.root)
  expect(early.nextAt).toBe(new Date(EVENING + 60_000).toISOString())
  await node.clock.sleep(60_000)
  expect((await node.post('/export')).body).toMatchObject({ complete: true, nextAt: null, verdict: 'replaced' })
})

test('lost files: the files of a bundle are read-only, its folders are not', async () => {
  await setup()
  for (const path of [CURATED, 'MANIFEST.json', 'qc/partition_status.parquet'])
    expect((await stat(bundle(path))).mode & 0o777).toBe(0o444)
  expect((await stat(bundle('curated'))).mode & 0o200).toBe(0o200)
  expect((await stat(bundle(CURATED))).ino).toBe((await stat(data(CURATED))).ino)
})

test('lost files: an audit by a clock that runs years ahead loses no verdict and no file', async () => {
  await setup({
    change: (config) => ({
      ...config,
      datasets: Object.fromEntries(
        Object.entries(config.datasets).map(([name, spec]) => [
          name,
          { ...spec, depth: { years: 2 }, backfill: { ...spec.backfill, look_back: { sessions: 6 } } },
        ]),
      ),
    }),
  })
  const whole = await lake()
  await node.clock.sleep(4 * 365 * DAY)
  expect((await node.post('/audit')).body).toMatchObject({ retired: expect.any(Number) })
  expect(await contents(data('curated'))).toEqual(
    Object.fromEntries(Object.entries(whole).filter(([path]) => path.endsWith('data.parquet'))),
  )
  expect(existsSync(data(FRAGMENT))).toBe(true)
})
