import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256 } from '../../functions/_lake/digest.ts'
import { asideFolder, bundleFolder, stagingFolder } from '../../functions/_lake/paths.ts'
import { replacedFolders, sweepReplaced } from '../../functions/_lake/replaced-bundles.ts'
import { takePlace } from '../../functions/export/swap.ts'
import { BARS, type ExportsServer, exportsServer, NOW, writeBundle } from './small-bundle.ts'

const D1 = '2024-07-03'
const path = `/exports/nightly/${D1}/${BARS}`

let server: ExportsServer
beforeEach(async () => {
  server = await exportsServer()
})
afterEach(() => server.close())

/** Puts a bundle in place of the day's, as an export does. */
async function replace(content: string, now = NOW): Promise<void> {
  const staging = stagingFolder(server.exportRoot, D1)
  await writeBundle(staging, D1, { [BARS]: content })
  await mkdir(dirname(bundleFolder(server.exportRoot, D1)), { recursive: true })
  await takePlace(server.exportRoot, D1, now)
}
const tagged = (content: string): Record<string, string> => ({ 'if-match': `"${sha256(content)}"` })

test('bundles: a version that was replaced is served to whoever names it, until it is swept', async () => {
  for (const content of ['one', 'two', 'three']) await replace(content)
  expect((await server.ask(path)).body.toString()).toBe('three')
  for (const content of ['one', 'two', 'three'])
    expect((await server.ask(path, tagged(content))).body.toString()).toBe(content)
  const part = await server.ask(path, { ...tagged('one'), range: 'bytes=1-', 'if-range': `"${sha256('one')}"` })
  expect([part.status, part.body.toString()]).toEqual([206, 'ne'])
  expect((await server.ask(path, tagged('four'))).status).toBe(412)
  expect((await server.json('/exports')).bundles).toHaveLength(1)
  await sweepReplaced(server.exportRoot, NOW + 86_400_000)
  expect((await server.ask(path, tagged('one'))).status).toBe(412)
  expect((await server.ask(path, tagged('three'))).status).toBe(200)
})

test('bundles: while a successor takes its place, the one set aside is the bundle of its day', async () => {
  await replace('one')
  await rename(bundleFolder(server.exportRoot, D1), asideFolder(server.exportRoot, D1))
  expect((await server.ask(path)).body.toString()).toBe('one')
  expect((await server.ask(path, tagged('one'))).status).toBe(200)
  expect((await server.json('/exports')).bundles).toMatchObject([{ asof: D1 }])
  expect((await server.json(`/exports/nightly/${D1}/`)).asof).toBe(D1)
})

test('bundles: readers during replacements always get one version whole, with its own hash', async () => {
  await replace('version-0')
  let isOver = false
  const versions = new Set<string>()
  const read = async (): Promise<void> => {
    while (!isOver) {
      const { status, headers, body } = await server.ask(path)
      expect(status, body.toString()).toBe(200)
      expect(headers.etag).toBe(`"${sha256(body)}"`)
      versions.add(body.toString())
      expect((await server.json('/exports')).bundles).toHaveLength(1)
    }
  }
  const readers = Promise.all([read(), read(), read()])
  for (let each = 1; each <= 40; each++) await replace(`version-${each % 10}`, NOW + each)
  isOver = true
  await readers
  expect(versions.size).toBeGreaterThan(1)
  expect(await replacedFolders(server.exportRoot, D1)).toHaveLength(8)
  await rm(server.exportRoot, { recursive: true })
  expect((await server.ask(path)).status).toBe(404)
})
