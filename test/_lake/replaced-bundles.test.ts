import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keepReplaced, replacedFolders, sweepReplaced } from '../../functions/_lake/replaced-bundles.ts'

const D1 = '2024-07-02'
const D2 = '2024-07-03'
const NOW = Date.UTC(2024, 6, 4)
const DAY = 86_400_000

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'replaced-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function replace(asof: string, content: string, now: number): Promise<void> {
  const folder = join(root, 'aside')
  await mkdir(folder)
  await writeFile(join(folder, 'a'), content)
  await keepReplaced(root, asof, folder, now)
}
const contents = async (asof: string): Promise<string[]> =>
  Promise.all((await replacedFolders(root, asof)).map((folder) => readFile(join(folder, 'a'), 'utf8')))

test('replaced bundles: those of a day are found newest first, also of one instant', async () => {
  expect(await replacedFolders(root, D1)).toEqual([])
  for (const content of ['one', 'two']) await replace(D1, content, NOW)
  await replace(D1, 'three', NOW + 5)
  await replace(D2, 'other', NOW)
  expect(await contents(D1)).toEqual(['three', 'two', 'one'])
  expect(await contents(D2)).toEqual(['other'])
})

test('replaced bundles: a day keeps a bounded number', async () => {
  for (let each = 0; each < 11; each++) await replace(D1, String(each), NOW + each)
  expect(await contents(D1)).toEqual(['10', '9', '8', '7', '6', '5', '4', '3'])
})

test('replaced bundles: they stay a day; what a clock ahead wrote, and what a killed sweep left, goes as well', async () => {
  await replace(D1, 'old', NOW - DAY)
  await replace(D1, 'young', NOW - DAY + 1)
  await replace(D2, 'ahead', NOW + 2 * DAY)
  await mkdir(join(root, '.replaced', `${D2}-1.gone`, 'curated'), { recursive: true })
  await mkdir(join(root, '.replaced', 'notes'))
  expect(await sweepReplaced(root, NOW)).toBe(2)
  expect((await readdir(join(root, '.replaced'))).sort()).toEqual([`${D1}-${NOW - DAY + 1}`, 'notes'])
  expect((await replacedFolders(root, D1)).map((path) => basename(path))).toHaveLength(1)
  expect(await sweepReplaced(root, Number.POSITIVE_INFINITY)).toBe(1)
})
