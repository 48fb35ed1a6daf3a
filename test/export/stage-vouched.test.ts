import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { readFile, readlink, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { closeLake, openLake } from '../../functions/_lake/lake.ts'
import { bundleFolder, latestLink, stagingFolder } from '../../functions/_lake/paths.ts'
import { buildBundle } from '../../functions/export/bundle.ts'
import { smallLake } from '../qc-partition/small-lake.ts'
import { D1, D2, fill, recordsOf, requestOn } from './recorded-lake.ts'

const OTHER_VOLUME = '/dev/shm'
const PATH = 'curated/equities_bars/year=2023/data.parquet'
const verify = (folder: string) =>
  execFileSync('sha256sum', ['-c', '--strict', '--quiet', 'SHA256SUMS'], { cwd: folder, encoding: 'utf8' })

test('bundle: on another file system the files are copied, and the bundle is the same', async (context) => {
  const lake = await smallLake()
  await fill(lake)
  const linked = await buildBundle(lake, requestOn(lake, D2))
  if (!existsSync(OTHER_VOLUME) || (await stat(OTHER_VOLUME)).dev === (await stat(lake.root)).dev)
    return context.skip(`${OTHER_VOLUME} is no other file system here`)
  const exportRoot = mkdtempSync(join(OTHER_VOLUME, 'exports-'))
  const other = openLake({ root: lake.root, exportRoot })
  onTestFinished(async () => {
    await closeLake(other)
    await rm(exportRoot, { recursive: true, force: true })
  })
  for (const [one, record] of recordsOf(lake)) recordsOf(other).set(one, record)
  const first = await buildBundle(other, requestOn(other, D2))
  expect(first).toMatchObject({ verdict: 'written', complete: true, digest: linked.digest, latest: 'moved' })
  expect(verify(first.path)).toBe('')
  expect((await stat(join(first.path, PATH))).dev).not.toBe((await stat(lake.root)).dev)
  expect(await buildBundle(other, requestOn(other, D2))).toMatchObject({ verdict: 'unchanged' })
})

test('bundle: where the export disk takes nothing, the error names the place, and the bundles and latest stay as they are', async () => {
  const lake = await smallLake()
  await fill(lake)
  const { path } = await buildBundle(lake, requestOn(lake, D1))
  const manifest = await readFile(join(path, 'MANIFEST.json'), 'utf8')
  const staging = dirname(stagingFolder(lake.exportRoot, D2))
  await rm(staging, { recursive: true })
  await writeFile(staging, 'no folder')
  await expect(buildBundle(lake, requestOn(lake, D2))).rejects.toThrow(staging)
  expect(await readlink(latestLink(lake.exportRoot))).toBe(`nightly/${D1}`)
  expect(await readFile(join(path, 'MANIFEST.json'), 'utf8')).toBe(manifest)
  expect(existsSync(bundleFolder(lake.exportRoot, D2))).toBe(false)
  await rm(staging)
  expect(await buildBundle(lake, requestOn(lake, D2))).toMatchObject({ verdict: 'written', latest: 'moved' })
})

test('bundle: without room on the export disk the error says so, and the bundles and latest stay as they are', async (context) => {
  const lake = await smallLake()
  await fill(lake)
  const exportRoot = mkdtempSync(join(tmpdir(), 'small-volume-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', exportRoot]).status === 0
  const small = openLake({ root: lake.root, exportRoot })
  onTestFinished(async () => {
    await closeLake(small)
    if (mounted) spawnSync('umount', ['-l', exportRoot])
    await rm(exportRoot, { recursive: true, force: true })
  })
  if (!mounted) return context.skip('this user may not mount a file system in memory')
  for (const [one, record] of recordsOf(lake)) recordsOf(small).set(one, record)
  const { path } = await buildBundle(small, requestOn(small, D1))
  const filler = join(exportRoot, 'filler')
  await writeFile(filler, Buffer.alloc(2_000_000)).catch(() => undefined)
  await expect(buildBundle(small, requestOn(small, D2))).rejects.toThrow(/no space left/i)
  expect(await readlink(latestLink(exportRoot))).toBe(`nightly/${D1}`)
  expect(verify(path)).toBe('')
  await rm(filler)
  expect(await buildBundle(small, requestOn(small, D2))).toMatchObject({ verdict: 'written', latest: 'moved' })
})

test('bundle: an older day made again holds what was known of it by then, lists its own changes, and leaves latest', async () => {
  const lake = await smallLake()
  await fill(lake)
  const newest = await buildBundle(lake, requestOn(lake, D2))
  const older = await buildBundle(lake, requestOn(lake, D1))
  expect(older).toMatchObject({ verdict: 'written', latest: 'newer', latestDay: D2 })
  expect(verify(older.path)).toBe('')
  const ledger = join(older.path, 'qc/partition_status.parquet')
  expect(await lake.duck.all(`SELECT max(dt) AS last FROM read_parquet('${ledger}')`)).toEqual([{ last: D1 }])
  const manifestOf = async (folder: string) => JSON.parse(await readFile(join(folder, 'MANIFEST.json'), 'utf8'))
  const listed = async (folder: string) =>
    (await manifestOf(folder)).files.find((file: { path: string }) => file.path === 'qc/partition_status.parquet')
  const [old, fresh] = [await listed(older.path), await listed(newest.path)]
  // A year that needs no cut is the same bytes in both.
  expect(old.parts[0].sha256).toBe(fresh.parts[0].sha256)
  expect(await buildBundle(lake, requestOn(lake, D1))).toMatchObject({ verdict: 'unchanged' })
})
