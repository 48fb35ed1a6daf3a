import { appendFile, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Db } from '../../db/client.ts'
import { noteCutManifests, repairManifests } from '../../functions/_recovery/repair-manifests.ts'
import { SESSIONS, startTestNode, type TestNode } from '../test-node.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let node: TestNode
beforeEach(async () => {
  node = await startTestNode()
  await node.post('/audit')
  for (let more = true; more; ) more = (await node.post('/dispatch-one-task')).body.more === true
  // The marks say now how far each manifest is known.
  await restart()
})
afterEach(() => node.remove())

const CELLS = 3 * SESSIONS
const data = (...parts: string[]): string => join(node.root, 'data_layer', ...parts)
const running = () => node.running().node
const restart = async () => {
  await node.stop()
  await node.clock.sleep(60_000)
  return (await node.start()).recovered
}
const withoutDatabase = async () => {
  await node.stop()
  await rm(data('state'), { recursive: true })
  await node.start()
}
const manifests = async (vendor: string, dataset: string): Promise<string[]> =>
  (await readdir(data('manifests', vendor, dataset)))
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => data('manifests', vendor, dataset, name))
const bars = async (): Promise<string> => (await manifests('alpaca', 'equities_bars'))[0]!
const versions = () =>
  running().db.all(
    sql`SELECT dataset, symbol, dt, vendor, rows, digest FROM attempts WHERE digest IS NOT NULL ORDER BY dataset, symbol, dt, vendor`,
  )
const masks = () =>
  running().db.all(
    sql`SELECT dataset, symbol, month, present FROM coverage WHERE present <> 0 ORDER BY dataset, symbol, month`,
  )
const forgetMarks = () => running().db.write([sql`DELETE FROM manifests`])
const events = (name: string) =>
  node.lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === name)
const lostFiles = async () => (await node.get('/status')).body.lostFiles as Record<string, unknown>

/** A rebuild from the manifests alone gives what the database knew, and asks nobody. */
const expectRebuildable = async (known: unknown[], covered: unknown[]): Promise<void> => {
  const asked = node.asked()
  await withoutDatabase()
  expect(await versions()).toEqual(known)
  expect(await masks()).toEqual(covered)
  expect((await node.post('/audit')).body).toMatchObject({ gaps: 0 })
  // That the vendor's calendar was compared already is nowhere but in the database.
  expect(node.asked()).toBeLessThanOrEqual(asked + 1)
}

describe('repair manifests: a database that is whole gives manifests back', () => {
  test('of a folder that was removed', async () => {
    const [known, covered] = [await versions(), await masks()]
    await node.stop()
    await rm(data('manifests'), { recursive: true })
    expect(await restart()).toMatchObject({ repaired: CELLS })
    expect(events('manifest.lines_lost')).toHaveLength(2)
    expect(await lostFiles()).toMatchObject({ gone: 2 })
    expect(await restart()).toMatchObject({ repaired: 0, replayed: 0 })
    await expectRebuildable(known, covered)
  })

  test('of a folder that was removed before any start had read it', async () => {
    const [known, covered] = [await versions(), await masks()]
    await forgetMarks()
    await node.stop()
    await rm(data('manifests'), { recursive: true })
    expect(await restart()).toMatchObject({ repaired: CELLS })
    expect(await lostFiles()).toMatchObject({ gone: 2 })
    expect(await restart()).toMatchObject({ repaired: 0, replayed: 0 })
    await expectRebuildable(known, covered)
  })

  test('of a file that was cut off after its lines were acknowledged', async () => {
    const [known, covered] = [await versions(), await masks()]
    await node.stop()
    await truncate(await bars(), (await stat(await bars())).size - 10)
    expect(await restart()).toMatchObject({ repaired: 1, tornTails: 1 })
    expect(await lostFiles()).toMatchObject({ damaged: 1 })
    await expectRebuildable(known, covered)
  })

  test('of a file whose end became NULs', async () => {
    const [known, covered] = [await versions(), await masks()]
    await node.stop()
    const whole = await readFile(await bars())
    await writeFile(await bars(), whole.fill(0, whole.length - 700))
    expect((await restart()).repaired).toBeGreaterThanOrEqual(1)
    await expectRebuildable(known, covered)
  })

  test('of a file that another one with other lines replaced, once its end does not fit', async () => {
    const [known, covered] = [await versions(), await masks()]
    await node.stop()
    const lines = (await readFile(await bars(), 'utf8')).split('\n')
    await writeFile(await bars(), [...lines.slice(3, -1), 'x'.repeat(2000), ''].join('\n'))
    expect(await restart()).toMatchObject({ repaired: 3 })
    await expectRebuildable(known, covered)
  })

  test('while it runs: the audit notices a folder that was removed', async () => {
    const [known, covered] = [await versions(), await masks()]
    await rm(data('manifests/alpaca'), { recursive: true })
    await node.post('/audit')
    expect(await lostFiles()).toMatchObject({ gone: 1 })
    await expectRebuildable(known, covered)
  })

  test('and a cell that was lost stays lost: its line is written again too', async () => {
    await rm(data('raw/alpaca/equities_bars/date=2025-07-01'), { recursive: true })
    await node.post('/audit', { rebuild: true })
    const [known, covered] = [await versions(), await masks()]
    await forgetMarks()
    await node.stop()
    for (const path of await manifests('alpaca', 'equities_bars')) {
      const lines = (await readFile(path, 'utf8')).split('\n')
      await writeFile(path, lines.map((line) => (line.includes('set_aside') ? `x${line}` : line)).join('\n'))
    }
    expect(await restart()).toMatchObject({ repaired: 2 })
    await withoutDatabase()
    expect(await versions()).toEqual(known)
    expect(await masks()).toEqual(covered)
  })
})

describe('repair manifests: bad lines', () => {
  /** Stops the node and corrupts lines of the manifest of bars. */
  const corrupt = async (change: (line: string, at: number) => string): Promise<void> => {
    await node.stop()
    const path = await bars()
    const lines = (await readFile(path, 'utf8')).split('\n')
    await writeFile(path, lines.map((line, at) => (line === '' ? '' : change(line, at))).join('\n'))
  }

  test.each([
    ['a replaced line', (line: string, at: number) => (at === 2 ? 'not json' : line)],
    ['an emptied line', (line: string, at: number) => (at === 2 ? '' : line)],
    ['a line of NULs', (line: string, at: number) => (at === 2 ? '\0'.repeat(line.length) : line)],
    ['a changed digest', (line: string, at: number) => (at === 2 ? line.replace(/"digest":"./, '"digest":"_') : line)],
    ['a cut line', (line: string, at: number) => (at === 2 ? line.slice(0, 50) : line)],
  ])('%s does not stop the start; with the database whole its line is written again', async (_what, change) => {
    const [known, covered] = [await versions(), await masks()]
    await forgetMarks()
    await corrupt(change)
    expect(await versionsAfter(restart)).toEqual(known)
    const found = await running().db.all<{ cells: number }>(sql`SELECT cells FROM lost_files`)
    expect(found).toEqual([{ cells: 1 }])
    await node.post('/audit', { rebuild: true })
    // It is met again, and told once.
    expect(events('manifest.lines_refused')).toHaveLength(1)
    await expectRebuildable(known, covered)
  })

  const versionsAfter = async (work: () => Promise<unknown>): Promise<unknown[]> => {
    await work()
    return await versions()
  }

  test('of a database that is gone too are believed as far as the file is what they say', async () => {
    const [known, covered] = [await versions(), await masks()]
    // The hash of the file is still right.
    await corrupt((line, at) => (at === 2 ? line.replace('"rows":1', '"rows":2') : line))
    await expectRebuildable(known, covered)
  })

  test('that say nothing any more, with the database gone, cost a question, not a cell', async () => {
    const known = await versions()
    await corrupt((line, at) => (at === 2 ? 'x'.repeat(line.length) : line))
    await withoutDatabase()
    expect(await versions()).toHaveLength(CELLS - 1)
    expect((await node.post('/audit')).body).toMatchObject({ gaps: 1 })
    // What was spent in the last minute is forgotten with the database.
    await node.clock.sleep(61_000)
    for (let more = true; more; ) more = (await node.post('/dispatch-one-task')).body.more === true
    expect(await versions()).toEqual(known)
  })

  test('of an older version that hide a newer one do not make the older one count', async () => {
    const path = await bars()
    const [known, covered] = [await versions(), await masks()]
    await corrupt((line) => line)
    // An older version of the first cell stands before all others; the line of the one on the disk is damaged.
    const [first = '', ...rest] = (await readFile(path, 'utf8')).split('\n')
    const { crc: _, ...older } = JSON.parse(first) as Record<string, unknown>
    const old = JSON.stringify({ ...older, digest: '0'.repeat(64), fetched_at: '2025-07-01T00:00:00.000Z' })
    await writeFile(path, [old, first.replace('"verdict":"new"', '"verdict":"own"'), ...rest].join('\n'))
    await expectRebuildable(known, covered)
  })

  test('in files of adopted cells hide no other line', async () => {
    const name = 'adopted-2025-07-08.jsonl'
    await appendFile(data('manifests/alpaca/equities_bars', name), 'not json\n')
    await restart()
    expect(await lostFiles()).toMatchObject({ damaged: 1 })
  })
})

test('repair manifests: killed before any of its writes and begun anew, the repair ends like one that was not killed', async () => {
  const [known, covered] = [await versions(), await masks()]
  for (let writes = 0; writes < 6; writes++) {
    await rm(data('manifests/alpaca'), { recursive: true, force: true })
    const dying = { ...running(), db: dyingAfter(running().db, writes) }
    const work = async () => {
      await noteCutManifests(dying)
      await repairManifests(dying)
    }
    const ended = await work().then(
      () => true,
      () => false,
    )
    if (!ended) await restart()
    await node.post('/audit', { rebuild: true })
  }
  await expectRebuildable(known, covered)
})

/** A database whose process dies after so many writes. */
function dyingAfter(db: Db, writes: number): Db {
  let left = writes
  return {
    ...db,
    write: async (statements) => {
      if (left-- === 0) throw new Error('killed')
      return await db.write(statements)
    },
  }
}

test('repair manifests: where no raw file is to be seen, as on a disk that is not mounted, no cell is taken for lost', async () => {
  const [known, covered] = [await versions(), await masks()]
  await rename(data('raw'), join(node.root, 'raw-elsewhere'))
  await rm(data('manifests'), { recursive: true })
  expect(await noteCutManifests(running())).toBe(2)
  expect(await repairManifests(running())).toMatchObject({ lines: 0, lost: 0 })
  expect(await versions()).toEqual(known)
  expect(await masks()).toEqual(covered)
})
