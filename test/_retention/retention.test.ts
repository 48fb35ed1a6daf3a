import { link, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { beforeEach, describe, expect, test } from 'vitest'
import { Datasets } from '../../config/schema.ts'
import type { Db } from '../../db/client.ts'
import { recordExport } from '../../db/exports/exports.ts'
import { noteDamage } from '../../db/lost-files/note-damage.ts'
import { keepSamples } from '../../db/quarantine/keep-samples.ts'
import { addDays } from '../../functions/_market/dt.ts'
import { removeBundles } from '../../functions/_retention/old-bundles.ts'
import { findOutdated, type RetentionContext, removeOutdated } from '../../functions/_retention/retention.ts'
import { freshDb, tempFolder } from '../db/temp-db.ts'

const DAY = 86_400_000
const NOW = Date.parse('2026-11-30T03:00:00Z')
const NEWEST = '2026-11-29'

let db: Db
let root: string
let exportRoot: string
let context: RetentionContext
beforeEach(async () => {
  db = await freshDb()
  const home = await tempFolder()
  root = join(home, 'data')
  exportRoot = join(home, 'exports')
  const retention = Datasets.parse({
    datasets: {},
    retention: {
      bundles: { daily: 2, weekly: 0, monthly: 0 },
      grace_days: 3,
      held_back_days: 30,
      damaged_days: 90,
      quarantine_days: 180,
    },
  }).retention
  context = { config: { retention }, db, lake: { root, exportRoot }, now: () => NOW }
  await mkdir(join(root, 'curated'), { recursive: true })
})

const nightly = (asof: string, ...parts: string[]): string => join(exportRoot, 'nightly', asof, ...parts)
const standing = async (folder = 'nightly'): Promise<string[]> =>
  (await readdir(join(exportRoot, folder)).catch(() => [])).sort()

/** A bundle whose file is a hard link to the lake's, read-only as bundles are. */
async function bundle(asof: string, { madeAt = NOW - 100 * DAY, folder = nightly(asof) } = {}): Promise<void> {
  const curated = join(root, 'curated', `${asof}.parquet`)
  await writeFile(curated, `data of ${asof}`, { mode: 0o444 })
  await mkdir(join(folder, 'curated'), { recursive: true })
  await link(curated, join(folder, 'curated/data.parquet'))
  await writeFile(join(folder, 'MANIFEST.json'), JSON.stringify({ asof, generated_at: new Date(madeAt).toISOString() }))
  await recordExport(db, { asof, madeAt, digest: `digest of ${asof}`, files: 2, bytes: 100 })
}

const lastDays = (count: number): string[] => Array.from({ length: count }, (_, at) => addDays(NEWEST, at + 1 - count))

describe('retention: bundles', () => {
  test('old ones go and the newest stay; a file of the lake that they link to stays', async () => {
    for (const asof of lastDays(5)) await bundle(asof)
    const removed = await removeOutdated(context)
    expect(removed.bundles).toEqual(['2026-11-25', '2026-11-26', '2026-11-27'])
    expect(await standing()).toEqual(['2026-11-28', NEWEST])
    expect(await standing('.trash')).toEqual([])
    const curated = join(root, 'curated/2026-11-25.parquet')
    expect(await readFile(curated, 'utf8')).toBe('data of 2026-11-25')
    expect((await stat(curated)).nlink).toBe(1)
    expect(await removeOutdated(context)).toMatchObject({ bundles: [], more: false })
  })

  test('the one that latest points at stays, however old it is', async () => {
    for (const asof of lastDays(5)) await bundle(asof)
    await symlink('nightly/2026-11-25', join(exportRoot, 'latest'))
    expect((await removeOutdated(context)).bundles).toEqual(['2026-11-26', '2026-11-27'])
    // Also where it came to point there after the old ones were listed.
    await removeBundles(exportRoot, { bundles: ['2026-11-25'], heldBack: [] }, 5)
    expect(await standing()).toEqual(['2026-11-25', '2026-11-28', NEWEST])
  })

  test('one that was made within the grace stays, so that whoever pulls it comes to its end', async () => {
    for (const asof of lastDays(5))
      await bundle(asof, { madeAt: asof === '2026-11-26' ? NOW - 2 * DAY : NOW - 4 * DAY })
    expect((await removeOutdated(context)).bundles).toEqual(['2026-11-25', '2026-11-27'])
  })

  test('a dry run lists what would go, and removes nothing', async () => {
    for (const asof of lastDays(4)) await bundle(asof)
    expect(await findOutdated(context)).toEqual({
      bundles: ['2026-11-26', '2026-11-27'],
      heldBack: [],
      damagedFiles: [],
      quarantine: 0,
    })
    expect(await standing()).toEqual(lastDays(4))
  })

  test('a few go in one call, and all of them by and by', async () => {
    for (const asof of lastDays(9)) await bundle(asof)
    const calls = [await removeOutdated(context), await removeOutdated(context)]
    expect(calls.map(({ bundles, more }) => [bundles.length, more])).toEqual([
      [5, true],
      [2, false],
    ])
    expect(await standing()).toEqual(lastDays(2))
  })

  test('what a killed removal left is out of sight, and goes the next time', async () => {
    for (const asof of lastDays(2)) await bundle(asof)
    await bundle('2026-01-02', { folder: join(exportRoot, '.trash/nightly-2026-01-02') })
    expect(await removeOutdated(context)).toMatchObject({ bundles: [], more: false })
    expect(await standing('.trash')).toEqual([])
  })

  test('two removals at once end as one', async () => {
    for (const asof of lastDays(5)) await bundle(asof)
    await Promise.all([removeOutdated(context), removeOutdated(context)])
    expect(await standing()).toEqual(lastDays(2))
  })

  test('one that was held back goes by the day on which it was made', async () => {
    const heldBack = (asof: string): string => join(exportRoot, 'held-back', asof)
    await bundle('2026-01-02', { folder: heldBack('2026-01-02'), madeAt: NOW - 40 * DAY })
    await bundle('2026-01-05', { folder: heldBack('2026-01-05'), madeAt: NOW - 20 * DAY })
    expect((await removeOutdated(context)).heldBack).toEqual(['2026-01-02'])
    expect(await standing('held-back')).toEqual(['2026-01-05'])
  })
})

describe('retention: damaged files and samples', () => {
  const PLACES = ['old', 'young', 'alone', 'held'] as const
  const pathOf = (name: string): string => `raw/alpaca/equities_bars/date=2025-01-02/symbol=${name}/data.parquet`

  test('a damaged file goes when it is old and a good one stands in its place, and stays where it is all there is', async () => {
    for (const name of PLACES) {
      await mkdir(join(root, pathOf(name), '..'), { recursive: true })
      await writeFile(join(root, `${pathOf(name)}.damaged`), 'x')
      if (name !== 'alone') await writeFile(join(root, pathOf(name)), 'good')
      await noteDamage(db, {
        path: pathOf(name),
        vendor: 'alpaca',
        dataset: 'equities_bars',
        why: name === 'held' ? 'kept' : 'damaged',
        cells: 1,
        at: NOW - (name === 'young' ? 80 : 100) * DAY,
      })
    }
    expect((await removeOutdated(context)).damagedFiles).toEqual([`${pathOf('old')}.damaged`])
    const left = (await readdir(join(root, 'raw'), { recursive: true })).filter((name) => name.endsWith('.damaged'))
    expect(left.map((name) => /symbol=(\w+)/.exec(name)?.[1]).sort()).toEqual(['alone', 'held', 'young'])
    expect(await readFile(join(root, pathOf('old')), 'utf8')).toBe('good')
  })

  test('samples of bad answers go half a year after they were last seen', async () => {
    const sample = {
      vendor: 'fred',
      dataset: 'macro_treasury',
      symbol: null,
      dt: null,
      outcome: 'malformed',
      status: 200,
      sample: '<html>',
    }
    await keepSamples(db, [{ ...sample, message: 'old' }], NOW - 200 * DAY)
    await keepSamples(db, [{ ...sample, message: 'young' }], NOW - 100 * DAY)
    expect(await findOutdated(context)).toMatchObject({ quarantine: 1 })
    expect(await removeOutdated(context)).toMatchObject({ quarantine: 1 })
    expect(await db.all(sql`SELECT message FROM quarantine`)).toEqual([{ message: 'young' }])
  })
})
