import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { blobPath } from '../../functions/_backup/blobs.ts'
import { restore } from '../../functions/_backup/restore.ts'
import { refuseUnfinished } from '../../functions/_backup/restore-marks.ts'
import { snapshotNames } from '../../functions/_backup/snapshot.ts'
import { sha256 } from '../../functions/_lake/digest.ts'
import { type BackupFixture, backupFixture, NOW, rawPath } from './backup-fixture.ts'

const DAY = 86_400_000
const JAN = rawPath('2025-01', '02', 'AAPL')

let fixture: BackupFixture
let to: string
beforeEach(async () => {
  fixture = await backupFixture()
  to = join(fixture.home, 'restored')
  await fixture.backup()
})

const refusal = (made: Promise<unknown>): Promise<string> =>
  made.then(
    () => expect.fail('expected a refusal, got a restore'),
    (error: Error) => error.message,
  )

test('restore: a folder that is not empty is refused in one sentence, and stays as it is', async () => {
  await mkdir(to)
  await writeFile(join(to, 'notes.txt'), 'mine')
  expect(await refusal(fixture.restore())).toBe(
    `${to} is not empty (it holds notes.txt): give an empty folder with --to, nothing is overwritten`,
  )
  expect(await readdir(to)).toEqual(['notes.txt'])
})

test('restore: a folder that holds no backup is refused', async () => {
  expect(await refusal(fixture.restore({ from: fixture.root }))).toMatch(/holds no backup of a data node/)
  const begun = await backupFixture()
  await begun.cutOff(3)
  expect(await refusal(begun.restore())).toMatch(/has no snapshot that can be read: no backup was finished there/)
})

test('restore: a snapshot that is not there is refused with those that are', async () => {
  expect(await refusal(fixture.restore({ snapshot: '2020-01-01' }))).toMatch(
    /no snapshot 2020-01-01: there are 2026-11-30T/,
  )
})

test('restore: cut off, no node starts on the folder, and the next run goes on with what is there', async () => {
  const steps = restore({ from: fixture.target, root: to, now: () => NOW })
  for (let step = 0; step < 5; step++) await steps.next()
  await steps.return(undefined as never)
  await expect(refuseUnfinished(to)).rejects.toThrow(/is a restore that was cut off: run npm run restore again/)
  // The identity comes last: without it nothing takes the folder for a data root.
  expect(await readdir(to)).not.toContain('.volume-id')
  // A file that was torn meanwhile is copied again.
  await truncate(join(to, JAN), 3)
  const restored = await fixture.restore()
  expect(restored).toMatchObject({ files: 9, lost: [] })
  expect(restored.kept).toBeGreaterThan(0)
  expect(restored.kept).toBeLessThan(9)
  expect(await readFile(join(to, JAN), 'utf8')).toBe('bars of 2025-01-02')
  await refuseUnfinished(to)
})

test('restore: cut off, it goes on with its own snapshot although a newer one came', async () => {
  const steps = restore({ from: fixture.target, root: to, now: () => NOW })
  for (let step = 0; step < 2; step++) await steps.next()
  await steps.return(undefined as never)
  await fixture.write(JAN, 'corrected bars')
  await fixture.backup({ now: () => NOW + DAY })
  expect(await refusal(fixture.restore({ snapshot: '2026-12-01' }))).toMatch(
    /holds an unfinished restore of 2026-11-30T/,
  )
  expect((await fixture.restore()).snapshot).toMatch(/^2026-11-30T/)
  expect(await readFile(join(to, JAN), 'utf8')).toBe('bars of 2025-01-02')
})

test.each(['damaged', 'gone'])(
  'restore: a content that is %s is named and left out, all others are restored',
  async (how) => {
    const path = blobPath(fixture.target, sha256('bars of 2025-01-02'))
    if (how === 'gone') await rm(path)
    else await writeFile(path, 'BARS OF 2025-01-02')
    expect(await fixture.restore()).toMatchObject({ files: 8, lost: [JAN] })
    await expect(readFile(join(to, JAN))).rejects.toThrow('ENOENT')
  },
)

test('restore: a newest snapshot that is damaged is passed over for the one before', async () => {
  await fixture.write(JAN, 'corrected bars')
  await fixture.backup({ now: () => NOW + DAY })
  const [first, second = ''] = await snapshotNames(fixture.target)
  await truncate(join(fixture.target, 'snapshots', second), 100)
  expect((await fixture.restore()).snapshot).toBe(first)
})
