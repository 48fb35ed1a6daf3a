import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { stagingFolder } from '../../functions/_lake/paths.ts'
import { takePlace } from '../../functions/export/swap.ts'
import { bundlesIn, type FoundFile } from '../../functions/exports/bundles.ts'
import { lookedUp, openListed } from '../../functions/exports/open-listed.ts'
import { BARS, NOW, writeBundle } from './small-bundle.ts'

const D1 = '2024-07-03'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'open-listed-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function replace(content: string): Promise<void> {
  await writeBundle(stagingFolder(root, D1), D1, { [BARS]: content })
  await mkdir(join(root, 'nightly'), { recursive: true })
  await takePlace(root, D1, NOW)
}

async function contentOf(found: FoundFile): Promise<string> {
  const handle = await openListed(found)
  try {
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

test('open listed: a file of the same path and size from a bundle that came meanwhile is not taken for the one that was looked up', async () => {
  const bundles = bundlesIn(() => root)
  await replace('one')
  const before = await bundles.file(D1, BARS)
  expect(await contentOf(before)).toBe('one')
  await replace('two')
  await expect(openListed(before)).rejects.toThrow(BARS)
  let lookups = 0
  const content = await lookedUp(async () => contentOf(lookups++ === 0 ? before : await bundles.file(D1, BARS)))
  expect([content, lookups]).toEqual(['two', 2])
})
