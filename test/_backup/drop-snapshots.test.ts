import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { blobFolder, blobPath } from '../../functions/_backup/blobs.ts'
import { dropUnneeded } from '../../functions/_backup/drop-snapshots.ts'
import { snapshotFolder, snapshotNames } from '../../functions/_backup/snapshot.ts'
import { sha256 } from '../../functions/_lake/digest.ts'
import { type BackupFixture, backupFixture, NOW, rawPath } from './backup-fixture.ts'

const DAY = 86_400_000
const JAN = rawPath('2025-01', '02', 'AAPL')
/** Files of today are younger than what is removed. */
const LATER = NOW + 365 * DAY

let fixture: BackupFixture
beforeEach(async () => {
  fixture = await backupFixture()
})

const contents = async (): Promise<string[]> =>
  (await readdir(blobFolder(fixture.target), { recursive: true })).filter((name) => name.length > 60).sort()

async function backUpDays(count: number): Promise<void> {
  for (let day = 0; day < count; day++) {
    await fixture.write(JAN, `bars, version ${day}`)
    await fixture.backup({ now: () => LATER + day * DAY, keep: { daily: 2, weekly: 0, monthly: 0 } })
  }
}

test('retention of snapshots: old ones go, with the versions that only they needed; the others can be restored', async () => {
  await backUpDays(4)
  expect((await snapshotNames(fixture.target)).map((name) => name.slice(0, 10))).toEqual(['2027-12-02', '2027-12-03'])
  const left = (await contents()).map((name) => name.slice(3))
  expect(left).not.toContain(sha256('bars, version 0'))
  expect(left).not.toContain(sha256('bars, version 1'))
  expect(left).toContain(sha256('bars, version 2'))
  expect(await fixture.restore({ snapshot: '2027-12-02' })).toMatchObject({ files: 9, lost: [] })
})

test('retention of snapshots: of several of a day the newest stays', async () => {
  for (const hour of [1, 2, 3]) await fixture.backup({ now: () => NOW + hour * 60_000 })
  expect(await snapshotNames(fixture.target)).toHaveLength(1)
})

test('retention of snapshots: nothing is removed while a snapshot or a listing cannot be read', async () => {
  await backUpDays(2)
  const [first = ''] = await snapshotNames(fixture.target)
  await writeFile(join(snapshotFolder(fixture.target), first), '{}')
  const before = await contents()
  const drop = async (): Promise<void> => {
    for await (const _ of dropUnneeded(fixture.target, LATER + 10 * DAY));
  }
  await expect(drop()).rejects.toThrow(/the snapshot .* is damaged/)
  expect(await contents()).toEqual(before)
})

test('retention of snapshots: a content that was written today stays, needed or not', async () => {
  await fixture.backup()
  await rm(join(fixture.root, JAN))
  for await (const _ of dropUnneeded(fixture.target, Date.now()));
  const litter = blobPath(fixture.target, sha256('litter'))
  await writeFile(litter, 'litter')
  for await (const _ of dropUnneeded(fixture.target, Date.now()));
  expect(await contents()).toContain(litter.slice(blobFolder(fixture.target).length + 1))
  for await (const _ of dropUnneeded(fixture.target, Date.now() + 2 * DAY));
  expect(await contents()).not.toContain(litter.slice(blobFolder(fixture.target).length + 1))
  expect(await fixture.restore()).toMatchObject({ files: 9, lost: [] })
})
