import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import {
  appendFile,
  cp,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '../../functions/_lake/digest.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { bundleFolder, curatedFile, latestLink, stagingFolder } from '../../functions/_lake/paths.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import type { Dt } from '../../functions/_market/dt.ts'
import { type BundleRequest, buildBundle } from '../../functions/export/bundle.ts'
import { dailyBar, smallLake, writeBoth } from '../qc-partition/small-lake.ts'
import { addBars, D1, D2, D3, datasetsOf, fill, judge, OLD, recordsOf, requestOn, YEAR } from './recorded-lake.ts'

let lake: Lake
beforeEach(async () => {
  lake = await smallLake()
})

const request = (asof: Dt, more: Partial<BundleRequest> = {}): BundleRequest => requestOn(lake, asof, more)

const rows = (path: string) => lake.duck.all(`SELECT * FROM read_parquet(${sqlText(path)}, hive_partitioning = false)`)
const verify = (folder: string) =>
  execFileSync('sha256sum', ['-c', '--strict', '--quiet', 'SHA256SUMS'], { cwd: folder, encoding: 'utf8' })
async function tree(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}
async function contents(folder: string): Promise<Record<string, string>> {
  const files = await tree(folder)
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, sha256(await readFile(join(folder, file)))] as const)),
  )
}
/** What a folder lacks of what its own sums promise; null when it is whole. */
async function flawOf(folder: string): Promise<string | null> {
  const sums = (await readFile(join(folder, 'SHA256SUMS'), 'utf8')).trimEnd().split('\n')
  for (const line of sums) {
    const file = line.slice(66)
    if (sha256(await readFile(join(folder, file))) !== line.slice(0, 64)) return `${file} is not what the sums say`
  }
  return null
}
/** A partition that the audit expects and nobody has curated. */
const NEVER_CURATED = { partition: D2, curatedSha256: null, ledgerSha256: null, behind: 'it is not curated yet' }

const manifestOf = async (folder: string) => JSON.parse(await readFile(join(folder, 'MANIFEST.json'), 'utf8'))

describe('bundle: a bundle', () => {
  test('holds every partition up to its day, proves itself, and is what latest points at', async () => {
    await fill(lake)
    const bundle = await buildBundle(lake, request(D2))
    expect(bundle).toMatchObject({
      verdict: 'written',
      files: 18,
      unchecked: [],
      path: bundleFolder(lake.exportRoot, D2),
    })
    expect(await tree(bundle.path)).toEqual([
      'MANIFEST.json',
      'README.md',
      'SHA256SUMS',
      'curated/equities_bars/year=2023/data.parquet',
      'curated/equities_bars/year=2024/data.parquet',
      `curated/equities_bars_minute/date=${D2}/data.parquet`,
      'curated/macro_treasury/year=2024/data.parquet',
      'load.py',
      'qc/partition_status.parquet',
      'qc/pictures/01.svg',
      'qc/report.md',
      'schema.json',
      'tables/availability.parquet',
      'tables/calendar.parquet',
      'tables/condition.parquet',
      'tables/instruments.parquet',
      'tables/universe.parquet',
      'views.sql',
    ])
    expect(verify(bundle.path)).toBe('')
    const sums = await readFile(join(bundle.path, 'SHA256SUMS'), 'utf8')
    expect(
      sums
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(66)),
    ).toEqual((await tree(bundle.path)).filter((file) => file !== 'SHA256SUMS'))
    expect(bundle.digest).toBe(sha256(sums))
    const sizes = await Promise.all(
      (await tree(bundle.path)).map(async (file) => (await stat(join(bundle.path, file))).size),
    )
    expect(bundle.bytes).toBe(sizes.reduce((a, b) => a + b, 0))
    expect(await readlink(latestLink(lake.exportRoot))).toBe(`nightly/${D2}`)
    expect(await readdir(lake.exportRoot)).toEqual(['.staging', 'latest', 'nightly'])
  })

  test('leaves out held cells and later days, which stay in the lake', async () => {
    await fill(lake)
    const { path } = await buildBundle(lake, request(D2))
    const key = (row: Record<string, unknown>) => `${row.symbol} ${row.dt}`
    const exported = await rows(join(path, 'curated/equities_bars/year=2024/data.parquet'))
    expect(exported.map(key)).toEqual([`AAPL ${D1}`, `AAPL ${D2}`, `MSFT ${D1}`, `MSFT ${D2}`, `NVDA ${D2}`])
    const curated = await rows(curatedFile(lake.root, 'equities_bars', 'year', '2024'))
    expect(curated.map(key)).toContain(`NVDA ${D1}`)
    expect(exported).toEqual(curated.filter((row) => key(row) !== `NVDA ${D1}` && key(row) !== `AAPL ${D3}`))
    expect((await rows(join(path, 'curated/macro_treasury/year=2024/data.parquet'))).map((row) => row.date)).toEqual([
      D1,
    ])
    expect((await rows(join(path, 'qc/partition_status.parquet'))).map((row) => row.dt)).not.toContain(D3)
  })

  test('says in its manifest what it holds, what it holds back, and what changed', async () => {
    await fill(lake)
    await buildBundle(lake, request(D2))
    await addBars(lake, 'equities_bars', '2023', [dailyBar('AAPL', OLD, { close: 106 })])
    const { path } = await buildBundle(lake, request(D3))
    const manifest = await manifestOf(path)
    expect(manifest).toMatchObject({ format: 1, asof: D3, generated_at: '2024-07-06T04:00:00.000Z', previous: D2 })
    expect(manifest.changes).toEqual([
      { path: 'curated/equities_bars/year=2023/data.parquet', change: 'changed' },
      { path: 'curated/equities_bars/year=2024/data.parquet', change: 'changed' },
      { path: `curated/equities_bars_minute/date=${D3}/data.parquet`, change: 'added' },
      { path: 'qc/partition_status.parquet', change: 'changed' },
    ])
    expect(manifest.held).toEqual({
      total: 2,
      more: 0,
      cells: [
        { dataset: 'equities_bars', symbol: 'NVDA', dt: D1, flags: 'NON_POSITIVE_PRICE', rows: 1, vendor: 'alpaca' },
        { dataset: 'macro_treasury', symbol: 'UST', dt: D2, flags: 'IMPOSSIBLE_YIELD', rows: 1, vendor: 'fred' },
      ],
    })
    expect(manifest.cells).toContainEqual({ dataset: 'equities_bars', status: 'GREEN', cells: 7, rows: 7 })
    const file = manifest.files.find((each: { path: string }) => each.path.includes('bars/year=2024'))
    expect(file).toMatchObject({ dataset: 'equities_bars', partition: '2024', rows: 6 })
    const readme = await readFile(join(path, 'README.md'), 'utf8')
    expect(readme).toContain('| equities_bars | NON_POSITIVE_PRICE | 1 |')
    expect(readme).toContain(`Changes since ${D2}`)
    expect(readme).not.toContain(lake.root)
  })

  test('shares the files that travel whole, and never changes when the lake does', async () => {
    await fill(lake)
    const { path } = await buildBundle(lake, request(D2))
    const shared = join(path, 'curated/equities_bars/year=2023/data.parquet')
    const curated = curatedFile(lake.root, 'equities_bars', 'year', '2023')
    expect((await stat(shared)).ino).toBe((await stat(curated)).ino)
    const before = await contents(path)
    // The lake replaces a file by renaming a new one over it; the fixture must do the same.
    const bytes = await readFile(curated)
    await rm(curated)
    await writeFile(curated, bytes)
    await addBars(lake, 'equities_bars', '2023', [dailyBar('AAPL', OLD, { close: 106 })])
    expect(await contents(path)).toEqual(before)
    expect(verify(path)).toBe('')
  })

  test('does not let a partition travel that nobody has judged since it was curated', async () => {
    await fill(lake)
    const bars = [dailyBar('AAPL', OLD, { close: -3 })]
    const path = await writeBoth(lake, 'equities_bars', '2023', bars)
    const key = 'equities_bars 2023'
    recordsOf(lake).set(key, { ...recordsOf(lake).get(key)!, curatedSha256: sha256(await readFile(path)) })
    const bundle = await buildBundle(lake, request(D2))
    expect(bundle.unchecked).toEqual([{ dataset: 'equities_bars', partition: '2023' }])
    expect(existsSync(join(bundle.path, 'curated/equities_bars/year=2023'))).toBe(false)
    expect(await readFile(join(bundle.path, 'README.md'), 'utf8')).toContain(
      '| equities_bars | 2023 | no | its file is not judged since it was made | 3 |',
    )
    expect((await manifestOf(bundle.path)).unchecked).toEqual(bundle.unchecked)
  })

  test('leaves out rows of cells nobody expected, because nobody judged them', async () => {
    await writeBoth(lake, 'equities_bars', '2024', [...YEAR, dailyBar('GONE', D1)])
    await judge(lake, 'equities_bars', '2024', YEAR)
    const { path } = await buildBundle(lake, request(D3))
    const exported = await rows(join(path, 'curated/equities_bars/year=2024/data.parquet'))
    expect(exported.map((row) => row.symbol)).not.toContain('GONE')
    expect(exported).toHaveLength(YEAR.length)
  })

  test('of a lake without cells is empty but whole, and is never latest', async () => {
    const bundle = await buildBundle(lake, request(D1))
    expect(bundle).toMatchObject({ files: 12, rows: 0, latest: 'kept', latestDay: null })
    expect(verify(bundle.path)).toBe('')
    expect(await readdir(lake.exportRoot)).not.toContain('latest')
    expect(await buildBundle(lake, request(D1))).toEqual({ ...bundle, verdict: 'unchanged' })
  })

  test('without a row leaves latest where it was, and takes it away where nothing else is left', async () => {
    await fill(lake)
    await buildBundle(lake, request(D2))
    const nothing = { datasets: async () => [], acceptLacking: true }
    expect(await buildBundle(lake, request(D3, nothing))).toMatchObject({ rows: 0, latest: 'kept', latestDay: D2 })
    expect(await readlink(latestLink(lake.exportRoot))).toBe(`nightly/${D2}`)
    expect(await buildBundle(lake, request(D2, nothing))).toMatchObject({ verdict: 'replaced', latestDay: null })
    expect(await readdir(lake.exportRoot)).not.toContain('latest')
  })

  test('tells of each dataset what is expected, present, held, absent and missing, in the manifest and the README', async () => {
    await fill(lake)
    await addBars(
      lake,
      'equities_bars',
      '2024',
      [...YEAR, dailyBar('NVDA', D1, { low: -1 })],
      [
        { symbol: 'NVDA', dt: D2, reason: 'NO_TRADES' },
        { symbol: 'NVDA', dt: D3, reason: null },
      ],
    )
    const datasets = async () => [
      ...datasetsOf(lake, D3).map((one) => (one.name === 'equities_bars' ? { ...one, expectedCells: 12 } : one)),
      { ...datasetsOf(lake, D3)[0]!, name: 'options_bars' as const, expectedCells: 7, partitions: [NEVER_CURATED] },
    ]
    const { path, coverage } = await buildBundle(lake, request(D3, { datasets, explainedCells: async () => 2 }))
    expect(coverage).toContainEqual({
      dataset: 'equities_bars',
      expected: 12,
      present: 6,
      held: 1,
      absent: 1,
      missing: 4,
    })
    expect(coverage).toContainEqual({
      dataset: 'options_bars',
      expected: 7,
      present: 0,
      held: 0,
      absent: 2,
      missing: 5,
    })
    expect(JSON.parse(await readFile(join(path, 'MANIFEST.json'), 'utf8')).coverage).toEqual(coverage)
    const readme = await readFile(join(path, 'README.md'), 'utf8')
    expect(readme).toContain('| dataset | expected | present | held back | explained absences | missing |')
    expect(readme).toContain('| equities_bars | 12 | 6 | 1 | 1 | 4 |')
    expect(readme).toContain('| options_bars | 7 | 0 | 0 | 2 | 5 |')
  })
})

describe('bundle: building again', () => {
  test('over the same lake touches nothing, at whatever time', async () => {
    await fill(lake)
    const first = await buildBundle(lake, request(D2))
    const inode = (await stat(join(first.path, 'MANIFEST.json'))).ino
    const again = await buildBundle(lake, request(D2, { generatedAt: Date.UTC(2025, 0, 1) }))
    expect(again).toEqual({ ...first, verdict: 'unchanged' })
    expect((await stat(join(first.path, 'MANIFEST.json'))).ino).toBe(inode)
    expect(await readdir(join(lake.exportRoot, '.staging'))).toEqual([])
  })

  test('over a changed lake replaces the bundle whole', async () => {
    await fill(lake)
    const first = await buildBundle(lake, request(D2))
    await addBars(lake, 'equities_bars', '2023', [dailyBar('AAPL', OLD, { close: 106 })])
    const again = await buildBundle(lake, request(D2))
    expect(again.verdict).toBe('replaced')
    expect(again.digest).not.toBe(first.digest)
    expect(verify(again.path)).toBe('')
  })

  test('repairs a damaged bundle', async () => {
    await fill(lake)
    const first = await buildBundle(lake, request(D2))
    await appendFile(join(first.path, 'README.md'), 'scribble')
    const again = await buildBundle(lake, request(D2))
    expect(again).toEqual({ ...first, verdict: 'replaced' })
    await rm(join(first.path, 'curated/equities_bars/year=2024/data.parquet'))
    expect((await buildBundle(lake, request(D2))).verdict).toBe('replaced')
    expect(verify(first.path)).toBe('')
  })

  test('gives the same bytes in another root', async () => {
    const other = await smallLake()
    await Promise.all([fill(lake), fill(other)])
    const [one, two] = await Promise.all([buildBundle(lake, request(D2)), buildBundle(other, requestOn(other, D2))])
    expect(two.digest).toBe(one.digest)
    expect(await contents(two.path)).toEqual(await contents(one.path))
  })

  test('an older day leaves latest where it is, and a wrong latest is put right', async () => {
    await fill(lake)
    await buildBundle(lake, request(D3))
    await buildBundle(lake, request(D1))
    expect(await readlink(latestLink(lake.exportRoot))).toBe(`nightly/${D3}`)
    await rm(latestLink(lake.exportRoot))
    await symlink('nightly/1999-01-01', latestLink(lake.exportRoot))
    expect((await buildBundle(lake, request(D1))).verdict).toBe('unchanged')
    expect(await readlink(latestLink(lake.exportRoot))).toBe(`nightly/${D3}`)
  })

  test('twice at once does the work once', async () => {
    await fill(lake)
    const both = await Promise.all([buildBundle(lake, request(D2)), buildBundle(lake, request(D2))])
    expect(both.map((bundle) => bundle.verdict)).toEqual(['written', 'unchanged'])
  })
})

describe('bundle: after a kill', () => {
  test('a half-built staging folder is forgotten', async () => {
    await fill(lake)
    const clean = await buildBundle(lake, request(D2))
    const before = await contents(clean.path)
    await rm(lake.exportRoot, { recursive: true })
    const litter = join(stagingFolder(lake.exportRoot, D2), 'curated/equities_bars/year=1990')
    await mkdir(litter, { recursive: true })
    await writeFile(join(litter, 'data.parquet'), 'half')
    await mkdir(stagingFolder(lake.exportRoot, OLD), { recursive: true })
    const again = await buildBundle(lake, request(D2))
    expect(again.verdict).toBe('written')
    expect(await contents(again.path)).toEqual(before)
    expect(await readdir(join(lake.exportRoot, '.staging'))).toEqual([])
  })

  test('between setting the old bundle aside and moving the new one in, the old one comes back or is replaced', async () => {
    await fill(lake)
    const first = await buildBundle(lake, request(D2))
    await rename(first.path, `${stagingFolder(lake.exportRoot, D2)}.replaced`)
    expect(await buildBundle(lake, request(D2))).toEqual({ ...first, verdict: 'unchanged' })
    await rename(first.path, `${stagingFolder(lake.exportRoot, D2)}.replaced`)
    await buildBundle(lake, request(D3))
    expect(verify(first.path)).toBe('')
  })

  test('before the old bundle was removed, it is removed', async () => {
    await fill(lake)
    const first = await buildBundle(lake, request(D2))
    await cp(first.path, `${stagingFolder(lake.exportRoot, D2)}.replaced`, { recursive: true })
    expect(await buildBundle(lake, request(D2))).toEqual({ ...first, verdict: 'unchanged' })
    expect(await readdir(join(lake.exportRoot, '.staging'))).toEqual([])
  })

  test('before latest was flipped, it is flipped', async () => {
    await fill(lake)
    await buildBundle(lake, request(D2))
    await rm(latestLink(lake.exportRoot))
    await symlink('nightly/1999-01-01', join(lake.exportRoot, '.latest.tmp'))
    await buildBundle(lake, request(D2))
    expect(await readlink(latestLink(lake.exportRoot))).toBe(`nightly/${D2}`)
    expect(await readdir(lake.exportRoot)).toEqual(['.staging', 'latest', 'nightly'])
  })
})

test('bundle: a reader that polls during replacements sees a whole bundle or none', async () => {
  await fill(lake)
  const { path } = await buildBundle(lake, request(D2))
  let isDone = false
  const torn: string[] = []
  let whole = 0
  const identity = async () =>
    stat(path, { bigint: true }).then(
      ({ ino, birthtimeNs }) => `${ino}:${birthtimeNs}`,
      () => null,
    )
  const look = async () => {
    const before = await identity()
    const doubt = await flawOf(path).catch((error: Error) => error.message)
    // What was read in pieces counts only if the name stood for one and the same folder all the while.
    if (before === null || (await identity()) !== before) return
    if (doubt === null) whole++
    else torn.push(doubt)
  }
  const reader = (async () => {
    while (!isDone) {
      await look()
      await new Promise((resolve) => setImmediate(resolve))
    }
    await look()
  })()
  for (let at = 0; at < 5; at++) {
    await addBars(lake, 'equities_bars', '2023', [dailyBar('AAPL', OLD, { close: 100 + at })])
    expect((await buildBundle(lake, request(D2))).verdict).toBe('replaced')
  }
  isDone = true
  await reader
  expect(whole).toBeGreaterThan(0)
  expect(torn).toEqual([])
})
