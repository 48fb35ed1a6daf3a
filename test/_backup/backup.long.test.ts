import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { recordHashes } from '../../db/raw-files/raw-files.ts'
import { blobPath } from '../../functions/_backup/blobs.ts'
import { readSnapshot, snapshotNames } from '../../functions/_backup/snapshot.ts'
import { compressionLock } from '../../functions/_lake/compress-lines.ts'
import { sha256 } from '../../functions/_lake/digest.ts'
import { withLock } from '../../functions/_lake/keyed-lock.ts'
import { freshDb } from '../db/temp-db.ts'
import { type BackupFixture, backupFixture, ID, NOW, rawPath } from './backup-fixture.ts'

const DAY = 86_400_000
/** Raw files, the identity, the ledger, a manifest and a file of the configuration. */
const FILES = 5 + 4

let fixture: BackupFixture
beforeEach(async () => {
  fixture = await backupFixture()
})

const JAN = rawPath('2025-01', '02', 'AAPL')
const textOf = (folder: string, path: string): Promise<string> => readFile(join(folder, path), 'utf8')
/** What `expect(…).rejects` may compare: one sentence. */
const refusal = (made: Promise<unknown>): Promise<string> =>
  made.then(
    () => expect.fail('expected a refusal, got a backup'),
    (error: Error) => `${error.name}: ${error.message}`,
  )
const blobs = async (): Promise<string[]> =>
  (await readdir(join(fixture.target, 'blobs'), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)

describe('backup: what is copied', () => {
  test('takes its turn with the compression of manifests, so that each is copied under the name it has', async () => {
    const path = 'manifests/alpaca/equities_bars_minute/manifest-2025-02-03.jsonl'
    const file = join(fixture.root, path)
    let isDone = false
    const hasBegun = setTimeout(100)
    const compressing = withLock(compressionLock(fixture.root), async () => {
      await hasBegun
      expect(isDone).toBe(false)
      await rename(file, `${file}.gz`)
    })
    const backup = fixture.backup().finally(() => {
      isDone = true
    })
    await compressing
    expect(await backup).toMatchObject({ files: FILES, damagedFiles: 0 })
    await fixture.restore()
    expect(await readdir(dirname(join(fixture.home, 'restored', path)))).toEqual(['manifest-2025-02-03.jsonl.gz'])
  })

  test('copies raw files, manifests, ledger, identity and configuration, and nothing that can be made again or is a secret', async () => {
    await fixture.write('config-in-use/.env', 'FRED_API_KEY=geheim')
    await fixture.write('raw/alpaca/equities_bars_minute/date=2025-01-02/.data.parquet.0123abcd-1-1.tmp', 'half')
    expect(await fixture.backup()).toMatchObject({
      files: FILES,
      newFiles: FILES,
      damagedFiles: 0,
      databaseBytes: null,
    })
    const restored = join(fixture.home, 'restored')
    expect(await fixture.restore()).toMatchObject({ files: FILES, lost: [], kept: 0, hasDatabase: false })
    const files = (await readdir(restored, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    expect(files.map(({ name }) => name).sort()).toEqual(
      [
        ...Array(5).fill('data.parquet'),
        '.volume-id',
        'datasets.yaml',
        'manifest-2025-02-03.jsonl',
        'partition_status.parquet',
        'restored.json',
      ].sort(),
    )
    expect(await textOf(restored, JAN)).toBe('bars of 2025-01-02')
    expect(await textOf(restored, '.volume-id')).toBe(`${ID}\n`)
    expect(await textOf(restored, 'restored-config/datasets.yaml')).toBe('datasets: {}\n')
  })

  test('copies a second time only what is new or changed', async () => {
    await fixture.backup()
    expect(await fixture.backup({ now: () => NOW + DAY })).toMatchObject({ files: FILES, newFiles: 0, newBytes: 0 })
    await fixture.write(rawPath('2025-03', '03', 'AAPL'), 'bars of March')
    await fixture.write(JAN, 'corrected bars')
    expect(await fixture.backup({ now: () => NOW + 2 * DAY })).toMatchObject({
      files: FILES + 1,
      newFiles: 2,
      newBytes: 'bars of Marchcorrected bars'.length,
    })
    expect(await snapshotNames(fixture.target)).toHaveLength(3)
  })

  test('notices a file that changed and has its size and its time still', async () => {
    await fixture.backup()
    const file = join(fixture.root, JAN)
    const { atime, mtime, size } = await stat(file)
    await writeFile(file, 'BARS OF 2025-01-02')
    await utimes(file, atime, mtime)
    expect((await stat(file)).size).toBe(size)
    expect(await fixture.backup({ now: () => NOW + 1 })).toMatchObject({ newFiles: 1 })
    await fixture.restore()
    expect(await textOf(join(fixture.home, 'restored'), JAN)).toBe('BARS OF 2025-01-02')
  })

  test('keeps each snapshot as it was: an earlier one is restored with its files', async () => {
    await fixture.backup()
    await fixture.write(JAN, 'corrected bars')
    await rm(join(fixture.root, rawPath('2025-02', '03', 'AAPL')))
    await fixture.backup({ now: () => NOW + DAY })
    const [first = ''] = await snapshotNames(fixture.target)
    await fixture.restore({ snapshot: first.slice(0, 10) })
    const restored = join(fixture.home, 'restored')
    expect(await textOf(restored, JAN)).toBe('bars of 2025-01-02')
    expect(await textOf(restored, rawPath('2025-02', '03', 'AAPL'))).toBe('bars of 2025-02-03')
  })

  test('keeps the good copy of a raw file that was damaged since, and says so', async () => {
    const db = await freshDb()
    fixture = await backupFixture(db)
    const hash = sha256('bars of 2025-01-02')
    await recordHashes(db, 'equities_bars_minute', [{ dt: '2025-01-02', vendor: 'alpaca', symbol: 'AAPL', hash }])
    const withoutDatabase = { db: { ...db, exclusive: false } }
    await fixture.backup(withoutDatabase)
    await fixture.write(JAN, 'bars of 2o25-01-02')
    expect(await fixture.backup(withoutDatabase)).toMatchObject({ damagedFiles: 1, damaged: [JAN] })
    expect(await fixture.backup(withoutDatabase)).toMatchObject({ damagedFiles: 1, newFiles: 0 })
    await fixture.restore()
    expect(await textOf(join(fixture.home, 'restored'), JAN)).toBe('bars of 2025-01-02')
  })
})

describe('backup: cut off', () => {
  test.each([1, 2, 3, 4, 5, 6, 7])(
    'after %i steps it is no backup, and the next one goes on with what is copied',
    async (steps) => {
      await fixture.cutOff(steps)
      expect(await snapshotNames(fixture.target)).toEqual([])
      const before = (await blobs()).length
      const made = await fixture.backup()
      expect(made.files).toBe(FILES)
      // Listings are contents too: one for each place that was copied.
      if (steps > 4) expect(made.newFiles).toBeLessThan(FILES)
      expect((await blobs()).length).toBeGreaterThanOrEqual(before)
      expect(await fixture.restore()).toMatchObject({ files: FILES, lost: [] })
    },
  )

  test('while another one is under way is refused', async () => {
    await fixture.backup()
    const { openTarget } = await import('../../functions/_backup/target.ts')
    const target = await openTarget({
      folder: fixture.target,
      root: fixture.root,
      exportRoot: join(fixture.home, 'exports'),
      node: ID,
      isExpected: true,
      acceptNew: false,
      missingMount: async () => null,
      now: () => NOW,
    })
    expect(await refusal(fixture.backup())).toMatch(/another backup into .*disk is under way: wait until it has ended/)
    target.release()
    expect(await fixture.backup()).toMatchObject({ files: FILES })
  })

  test('because the disk was pulled out, nothing is written into the empty folder that is left', async () => {
    await fixture.backup()
    await fixture.write(JAN, 'corrected bars')
    const { backup } = await import('../../functions/_backup/backup.ts')
    const { openLake } = await import('../../functions/_lake/lake.ts')
    const steps = backup({
      folder: fixture.target,
      lake: openLake({ root: fixture.root, exportRoot: join(fixture.home, 'exports') }),
      db: null,
      configFiles: [],
      keep: { daily: 1, weekly: 0, monthly: 0 },
      acceptNew: false,
      version: '1',
      missingMount: async () => null,
      now: () => NOW,
      log: () => undefined,
    })
    await steps.next()
    await rename(fixture.target, `${fixture.target}-pulled`)
    await mkdir(fixture.target)
    const rest = async (): Promise<void> => {
      for (;;) if ((await steps.next()).done) return
    }
    expect(await refusal(rest())).toMatch(
      /BackupFault: the backup folder .* is gone or its disk fails .*goes on where it was/,
    )
    expect(await readdir(fixture.target)).toEqual([])
  })
})

describe('backup: a folder that cannot be used', () => {
  test.each([
    ['inside the data root', 'data/backup', /lies inside DATA_ROOT .*: give a folder on another disk/],
    ['which is the data root', 'data', /lies inside DATA_ROOT/],
    ['inside the export root', 'exports/backup', /lies inside EXPORT_ROOT/],
    ['that holds the data root', '', /holds DATA_ROOT/],
    ['with other things in it', 'filled', /holds other things, such as holiday.jpg: give an empty folder/],
    ['below a file', 'filled/holiday.jpg/backup', /is gone or its disk fails \(ENOTDIR\)/],
  ])('%s is refused in one sentence', async (_, folder, sentence) => {
    await mkdir(join(fixture.home, 'filled'))
    await writeFile(join(fixture.home, 'filled/holiday.jpg'), 'sea')
    const before = await readdir(fixture.home, { recursive: true })
    expect(await refusal(fixture.backup({ folder: join(fixture.home, folder) }))).toMatch(sentence)
    expect(await readdir(fixture.home, { recursive: true })).toEqual(before)
  })

  test('that holds the backup of another node is refused', async () => {
    await fixture.backup()
    await fixture.write('.volume-id', 'another-one\n')
    expect(await refusal(fixture.backup())).toMatch(
      /holds the backup of another node \(volume volume-of-the-test, this one is another-one\)/,
    )
  })

  test('that is empty where the backup was before is refused, until a person accepts it', async () => {
    await fixture.backup()
    await rename(fixture.target, `${fixture.target}-unplugged`)
    await mkdir(fixture.target)
    expect(await refusal(fixture.backup())).toMatch(
      /is empty, but this node's backup was there: mount its disk, or say "acceptNew"/,
    )
    expect(await readdir(fixture.target)).toEqual([])
    expect(await fixture.backup({ acceptNew: true })).toMatchObject({ newFiles: FILES })
  })

  test('on a disk that is not mounted is refused', async () => {
    expect(await refusal(fixture.backup({ missingMount: async () => '/mnt/usb' }))).toMatch(
      /lies on \/mnt\/usb, whose disk is not mounted: mount it \(mount \/mnt\/usb\)/,
    )
  })

  test('on the disk of the data is used, with a warning', async () => {
    expect((await fixture.backup()).warnings).toEqual([expect.stringMatching(/is on the same disk as the data/)])
  })

  test('of a data root without identity is not begun', async () => {
    await rm(join(fixture.root, '.volume-id'))
    expect(await refusal(fixture.backup())).toMatch(/has no identity \(\.volume-id\): start the node on it once/)
  })
})

test('backup: the newest snapshot is the last one that was made, also when the clock was set back', async () => {
  await fixture.backup()
  await fixture.write(JAN, 'corrected bars')
  await fixture.backup({ now: () => NOW - 3_600_000 })
  expect((await snapshotNames(fixture.target)).map((name) => name.slice(0, 18))).toEqual(['2026-11-30T210001Z'])
  await fixture.restore()
  expect(await textOf(join(fixture.home, 'restored'), JAN)).toBe('corrected bars')
})

test('backup: what a killed one left in the making is removed', async () => {
  await fixture.backup()
  const temp = join(fixture.target, 'blobs/.blob.0123abcd-1-1.tmp')
  await writeFile(temp, 'half')
  await fixture.backup()
  expect(await readdir(join(fixture.target, 'blobs'))).not.toContain('.blob.0123abcd-1-1.tmp')
})

test.each(['gone', 'damaged'])(
  'backup: a content that is %s on the backup disk is found within 64 nights and copied again',
  async (how) => {
    await fixture.backup()
    const path = blobPath(fixture.target, sha256('bars of 2025-01-02'))
    if (how === 'gone') await rm(path)
    else await writeFile(path, 'BARS OF 2025-01-02')
    let repaired = 0
    for (let night = 1; night <= 64 && repaired === 0; night++)
      repaired += (await fixture.backup({ now: () => NOW + night * DAY, keep: { daily: 2, weekly: 0, monthly: 0 } }))
        .repaired
    expect(repaired).toBe(1)
    expect(await readFile(path, 'utf8')).toBe('bars of 2025-01-02')
    expect(await fixture.restore()).toMatchObject({ lost: [] })
  },
  120_000,
)

test('backup: a listing that is damaged on the backup disk is made again', async () => {
  await fixture.backup()
  const [name = ''] = await snapshotNames(fixture.target)
  const { places } = await readSnapshot(fixture.target, name)
  const { listing } = places.find(({ place }) => place.endsWith('2025-01'))!
  await writeFile(blobPath(fixture.target, listing), 'not a listing')
  expect(await fixture.backup({ now: () => NOW + DAY })).toMatchObject({ files: FILES, newFiles: 0 })
  expect(await fixture.restore()).toMatchObject({ files: FILES, lost: [] })
})
