import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockFolder } from '../../../functions/pull/client/folder-lock.ts'

let dir: string
let path: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pull-lock-'))
  path = join(dir, '.pull', 'lock.json')
  await mkdir(join(dir, '.pull'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const mine = async (): Promise<Record<string, unknown>> => {
  const lock = await lockFolder(dir)
  const holder = JSON.parse(await readFile(path, 'utf8'))
  await lock.release()
  return holder
}

test('folder lock: of many at once one gets it, and the next after it is released', async () => {
  const asked = await Promise.allSettled(Array.from({ length: 10 }, () => lockFolder(dir)))
  const got = asked.filter(({ status }) => status === 'fulfilled')
  expect(got).toHaveLength(1)
  for (const one of asked) if (one.status === 'rejected') expect(one.reason).toMatchObject({ exitCode: 5 })
  await (got[0] as PromiseFulfilledResult<{ release(): Promise<void> }>).value.release()
  expect(await readdir(join(dir, '.pull'))).toEqual([])
  await (await lockFolder(dir)).release()
})

test.each<[string, (holder: Record<string, unknown>) => object]>([
  ['a process that is gone', (holder) => ({ ...holder, pid: 2 ** 22 - 1 })],
  ['another process with the same number', (holder) => ({ ...holder, started: '1' })],
  ['this machine before it was restarted', (holder) => ({ ...holder, boot: 'another' })],
])('folder lock: %s does not hold it', async (_who, change) => {
  await writeFile(path, JSON.stringify(change(await mine())))
  await (await lockFolder(dir)).release()
})

test.each(['', '{', '[]', '{"pid":0}', '{"host":1}'])(
  'folder lock: a text that is none of ours, %j, does not hold it',
  async (text) => {
    await writeFile(path, text)
    await (await lockFolder(dir)).release()
  },
)

test('folder lock: another machine holds it as long as it gives signs of life', async () => {
  const holder = { ...(await mine()), host: `not-${hostname()}` }
  await writeFile(path, JSON.stringify(holder))
  await expect(lockFolder(dir)).rejects.toMatchObject({ exitCode: 5 })
  const long = new Date(Date.now() - 10 * 60_000)
  await utimes(path, long, long)
  await (await lockFolder(dir)).release()
})

test('folder lock: whoever lost it to another changes nothing more, and leaves the other its lock', async () => {
  const lock = await lockFolder(dir)
  await lock.check()
  await rm(path)
  const other = JSON.stringify({ host: 'other', boot: '', pid: 1, started: '' })
  await writeFile(path, other)
  await expect(lock.check()).rejects.toMatchObject({ exitCode: 5 })
  await lock.release()
  expect(await readFile(path, 'utf8')).toBe(other)
})
