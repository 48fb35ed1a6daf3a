import { appendFile, cp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type AdoptedLine, adoptedFile, appendAdopted, readAdopted } from '../../functions/_lake/adopted-manifest.ts'
import { dayNumber } from '../../functions/_market/dt.ts'
import { compressManifests } from '../../functions/_recovery/compress-manifests.ts'
import { repairManifests } from '../../functions/_recovery/repair-manifests.ts'
import { scrubManifests } from '../../functions/_recovery/scrub-manifests.ts'
import { tempFolder } from '../db/temp-db.ts'
import { SESSIONS, startTestNode, type TestNode } from '../test-node.ts'
import { expectVerified, verifyRoot } from '../verify/verify-root.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })

const DAY_MS = 86_400_000
const CELLS = 3 * SESSIONS

let node: TestNode
beforeEach(async () => {
  node = await startTestNode()
  await node.post('/audit')
  for (let more = true; more; ) more = (await node.post('/dispatch-one-task')).body.more === true
})
afterEach(() => node.remove())

const data = (...parts: string[]): string => join(node.root, 'data_layer', ...parts)
const running = () => node.running().node
const names = async (): Promise<string[]> =>
  (await readdir(data('manifests'), { recursive: true })).filter((one) => /\d/.test(one)).sort()
const restart = async () => {
  await node.stop()
  return (await node.start()).recovered
}
const versions = () =>
  running().db.all(
    sql`SELECT dataset, symbol, dt, vendor, rows, digest, at FROM attempts WHERE digest IS NOT NULL ORDER BY dataset, symbol, dt, vendor`,
  )
const masks = () =>
  running().db.all(
    sql`SELECT dataset, symbol, month, present FROM coverage WHERE present <> 0 ORDER BY dataset, symbol, month`,
  )
const hashes = () =>
  running().db.all(sql`SELECT dataset, dt, vendor, symbol, hex(hash) AS hash FROM raw_files ORDER BY 1, 2, 3, 4`)
const known = async () => ({ versions: await versions(), masks: await masks(), hashes: await hashes() })
/** Two days later, when the manifests are closed. */
const compressed = async (): Promise<string[]> => {
  await node.clock.sleep(3 * DAY_MS)
  await node.post('/sweep')
  const found = await names()
  expect(found.filter((name) => name.endsWith('.jsonl'))).toEqual([])
  return found.filter((name) => name.endsWith('.jsonl.gz')).map((name) => data('manifests', name))
}
const bars = async (): Promise<string> => (await compressed()).find((path) => path.includes('alpaca/equities_bars'))!
const withoutDatabase = async (): Promise<void> => {
  await node.stop()
  await rm(data('state'), { recursive: true })
  await node.start()
}
/** A copy of the root: this process may still hold the database that it had. */
const copied = async (): Promise<string> => {
  await node.stop()
  const copy = join(await tempFolder(), 'copy')
  await cp(node.root, copy, { recursive: true })
  return copy
}
const SECRETS = ['no-such-key-anywhere']
const scrubbed = async (path: string): Promise<void> => {
  const day = /manifest-(.{10})/.exec(path)![1]!
  const turn = dayNumber(day) + 40
  expect(await scrubManifests(running(), turn - 1)).toBe(0)
  expect(await scrubManifests(running(), turn)).toBeGreaterThan(0)
}

test('compress manifests: those of a day that is over by a day are compressed, once, and everything goes on as before', async () => {
  const before = await known()
  const plain = await names()
  expect((await node.post('/sweep')).body).toMatchObject({ manifests: 0, more: false })
  expect(await names()).toEqual(plain)
  await node.clock.sleep(3 * DAY_MS)
  expect((await node.post('/sweep')).body).toMatchObject({ manifests: plain.length, more: false })
  expect(await names()).toEqual(plain.map((name) => `${name}.gz`))
  expect((await node.post('/sweep')).body).toMatchObject({ manifests: 0, more: false })
  expect(await restart()).toMatchObject({ replayed: 0, repaired: 0, tornTails: 0 })
  expect((await node.post('/audit', { rebuild: true })).body).toMatchObject({
    restored: 0,
    cleared: 0,
    repaired: 0,
    unclaimed: [],
  })
  expect(await known()).toEqual(before)
  await withoutDatabase()
  expect(await known()).toEqual(before)
  const copy = await copied()
  await expectVerified(copy)
  // What stands in compressed manifests is searched for keys as well.
  expect((await verifyRoot(copy, 'deep', ['"adjustment":"raw"'])).counts['secret-in-file']).toBeGreaterThan(0)
})

test('compress manifests: adopted lines are compressed as well, and known as before', async () => {
  const file = adoptedFile(running().lake.root, 'alpaca', 'equities_bars', '2025-07-08')
  const line: AdoptedLine = {
    ...{ dataset: 'equities_bars', symbol: 'AAPL', vendor: 'alpaca', verified: 'names', rows: null, bytes: 7 },
    ...{ path: 'raw/x', adopted_at: '2025-07-08T12:00:00.000Z', dt: '2025-06-26' },
  }
  await appendAdopted(file, [line, { ...line, dt: '2025-06-27' }])
  expect((await restart()).replayed).toBe(2)
  await compressed()
  expect(await names()).toContain('alpaca/equities_bars/adopted-2025-07-08.jsonl.gz')
  const read: AdoptedLine[] = []
  for await (const { lines } of readAdopted(running().lake.root, () => 0)) read.push(...lines)
  expect(read).toEqual([line, { ...line, dt: '2025-06-27' }])
  expect((await restart()).replayed).toBe(0)
  await running().db.write([sql`DELETE FROM manifests`, sql`DELETE FROM attempts WHERE dt < '2025-06-28'`])
  expect((await restart()).replayed).toBe(2)
  // Lines of that day go to the next one, and the mark with them.
  expect(await appendAdopted(file, [line])).toMatchObject({ file: file.replace('07-08', '07-09') })
})

test('compress manifests: a manifest of a dataset that is not configured stays plain', async () => {
  const yields = (await names()).find((name) => name.includes('macro_treasury'))!
  await node.reconfigure(({ datasets: { macro_treasury: _, ...datasets }, ...config }) => ({ ...config, datasets }))
  await node.clock.sleep(3 * DAY_MS)
  await node.post('/sweep')
  expect((await names()).filter((name) => name.endsWith('.jsonl'))).toEqual([yields])
})

test('compress manifests: what is fetched later goes to the manifests of its own day', async () => {
  await compressed()
  await rm(data('raw/alpaca/equities_bars/date=2025-07-01'), { recursive: true })
  await node.post('/audit', { rebuild: true })
  for (let more = true; more; ) more = (await node.post('/dispatch-one-task')).body.more === true
  expect((await names()).filter((name) => name.endsWith('.jsonl'))).not.toEqual([])
  const before = await known()
  await withoutDatabase()
  expect(await known()).toEqual(before)
  await compressed()
  await withoutDatabase()
  expect(await known()).toEqual(before)
})

test('compress manifests: two sweeps at once, and a killed database write, leave each line once', async () => {
  await node.clock.sleep(3 * DAY_MS)
  const context = running()
  const dying = {
    ...context,
    db: { ...context.db, write: () => Promise.reject(new Error('killed')) },
  }
  await expect(compressManifests(dying)).rejects.toThrow('killed')
  const [one, other] = await Promise.all([compressManifests(context), compressManifests(context)])
  expect(one.files + other.files).toBe((await names()).length)
  const lines = await Promise.all(
    (await names()).map(async (name) =>
      gunzipSync(await readFile(data('manifests', name)))
        .toString()
        .split('\n'),
    ),
  )
  expect(lines.flat().filter((line) => line.startsWith('{"dataset"'))).toHaveLength(CELLS)
})

test('compress manifests: a file with a bad line waits until its cells are looked after', async () => {
  const path = data('manifests', (await names()).find((name) => name.startsWith('alpaca/equities_bars'))!)
  await appendFile(path, 'not json\n')
  await node.clock.sleep(3 * DAY_MS)
  await node.post('/sweep')
  expect(await stat(path)).toBeTruthy()
  await repairManifests(running())
  await node.post('/sweep')
  expect((await names()).filter((name) => name.endsWith('.jsonl'))).toEqual([])
  expect(gunzipSync(await readFile(`${path}.gz`)).toString()).not.toContain('not json')
  expect(await readFile(`${path}.bad`, 'utf8')).toContain('not json')
  await restart()
  await node.post('/audit', { rebuild: true })
  expect((await readFile(`${path}.bad`, 'utf8')).match(/not json/g)).toHaveLength(1)
})

describe('compress manifests: damage of a compressed file', () => {
  const flip = async (path: string, at: (size: number) => number): Promise<void> => {
    const bytes = await readFile(path)
    bytes[at(bytes.length)]! ^= 4
    await writeFile(path, bytes)
  }
  /** Plain again as far as it could be read, the damaged one beside it, and a rebuild from what is written down gives what was known. */
  const expectHealed = async (path: string, before: Awaited<ReturnType<typeof known>>): Promise<void> => {
    expect(await known()).toEqual(before)
    expect(await names()).toContain(path.slice(data('manifests').length + 1).replace(/$/, '.damaged'))
    expect(await restart()).toMatchObject({ repaired: 0 })
    await withoutDatabase()
    const { hashes: _now, ...rest } = await known()
    const { hashes: _then, ...told } = before
    expect(rest).toEqual(told)
    await compressed()
    await expectVerified(await copied())
  }

  test.each([
    ['in its middle', (size: number) => size >> 1],
    ['near its end', (size: number) => size - 200],
  ])('a bit %s is found by the nightly look, and what it cost is written again', async (_where, at) => {
    const path = await bars()
    const before = await known()
    await flip(path, at)
    const { counts } = await verifyRoot(await copied(), 'exact', SECRETS)
    expect(counts['manifest-line-unreadable']).toBeGreaterThan(0)
    await node.start()
    await scrubbed(path)
    expect((await repairManifests(running())).manifests).toBe(1)
    await expectHealed(path, before)
  })

  test.each([
    ['its first bytes are others', (path: string) => flip(path, () => 1)],
    ['its end is gone', async (path: string) => truncate(path, (await stat(path)).size - 150)],
    ['its last member is gone', async (path: string) => truncate(path, (await stat(path)).size - 20)],
    ['half of it is gone', async (path: string) => truncate(path, (await stat(path)).size >> 1)],
    ['it is empty', (path: string) => truncate(path, 0)],
    ['it is NULs', async (path: string) => writeFile(path, Buffer.alloc((await stat(path)).size))],
  ])('a start notices that %s', async (_what, damage) => {
    const path = await bars()
    const before = await known()
    await node.stop()
    await damage(path)
    const { counts } = await verifyRoot(await copied(), 'fast', SECRETS)
    expect(counts['manifest-shorter']).toBe(1)
    await node.start()
    await expectHealed(path, before)
  })

  test('a start notices that it is gone', async () => {
    const path = await bars()
    const before = await known()
    await node.stop()
    await rm(path)
    expect((await verifyRoot(await copied(), 'fast', SECRETS)).counts['manifest-gone']).toBe(1)
    expect((await node.start()).recovered.repaired).toBeGreaterThan(0)
    await withoutDatabase()
    expect((await known()).versions).toEqual(before.versions)
  })

  test('with the database gone too costs questions, not cells of other members', async () => {
    const path = await bars()
    const before = await versions()
    await flip(path, (size) => size >> 1)
    await withoutDatabase()
    const left = await versions()
    expect(left.length).toBeGreaterThan(0)
    expect(left.length).toBeLessThan(CELLS)
    await node.post('/audit')
    await node.clock.sleep(61_000)
    for (let more = true; more; ) more = (await node.post('/dispatch-one-task')).body.more === true
    const digests = new Set((await versions()).map((row) => JSON.stringify((row as { digest: string }).digest)))
    for (const { digest } of before as { digest: string }[]) expect(digests).toContain(JSON.stringify(digest))
  })

  test('killed between the plain form and the damaged one, the next look ends it', async () => {
    const path = await bars()
    const before = await known()
    await flip(path, (size) => size >> 1)
    await scrubbed(path)
    const context = running()
    const dying = { ...context, db: { ...context.db, write: () => Promise.reject(new Error('killed')) } }
    await expect(repairManifests(dying)).rejects.toThrow('killed')
    expect((await names()).filter((name) => path.endsWith(name) || name.endsWith('.jsonl'))).toHaveLength(2)
    await node.stop()
    await node.start()
    await expectHealed(path, before)
  })
})
