import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Db } from '../../db/client.ts'
import { rebuild } from '../../functions/_recovery/rebuild.ts'
import { dailyBar, oldFile } from '../adopt/old-tree.ts'
import { SESSIONS, startTestNode, type TestNode } from '../test-node.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let node: TestNode
beforeEach(async () => {
  node = await startTestNode()
  await node.post('/audit')
  for (let more = true; more; ) more = (await node.post('/dispatch-one-task')).body.more === true
  await node.clock.sleep(60_000)
})
afterEach(() => node.remove())

const CELLS = 3 * SESSIONS
const DAY = '2025-07-01'
const data = (...parts: string[]): string => join(node.root, 'data_layer', ...parts)
const running = () => node.running().node
const raw = (dt: string): string => data(`raw/alpaca/equities_bars/date=${dt}/data.parquet`)
const again = async (): Promise<Record<string, unknown>> => {
  const answer = await node.post('/audit', { rebuild: true })
  expect(answer).toMatchObject({ status: 200, body: { ok: true, more: false, nextAt: null } })
  return answer.body
}
/** What a rebuild makes of evidence and masks, and the places where ingest goes on. */
const known = async () => ({
  coverage: await running().db.all(sql`SELECT * FROM coverage WHERE present <> 0 ORDER BY dataset, symbol, month`),
  attempts: await running().db.all(
    sql`SELECT dataset, symbol, dt, vendor, rows, digest FROM attempts WHERE digest IS NOT NULL ORDER BY dataset, symbol, dt, vendor`,
  ),
  bookmarks: await running().db.all(sql`SELECT * FROM bookmarks ORDER BY vendor, dataset, symbol`),
})
const withoutDatabase = async (): Promise<void> => {
  await node.stop()
  await rm(data('state'), { recursive: true })
  await node.start()
}
/** Files of the two datasets: a day of bars is one file, and so is a day of yields. */
const FILES = 2 * SESSIONS
const NOTHING = { restored: 0, cleared: 0, unclaimed: [], unclaimedFiles: 0 }

test('rebuild: of a database that agrees with the files changes nothing', async () => {
  // How far each manifest is reflected is all that may move.
  const all = async () => (await node.databaseText()).split('\n').filter((line) => !/^manifests|manifest-/.test(line))
  const before = await all()
  expect(await again()).toMatchObject({ files: FILES, cells: CELLS, ...NOTHING })
  expect(await all()).toEqual(before)
})

describe('rebuild: of a database that is wrong', () => {
  test('masks that lost their bits get them back, with bookmarks, and absences of what is there end', async () => {
    const before = await known()
    await running().db.write([
      sql`DELETE FROM bookmarks`,
      sql`DELETE FROM coverage WHERE symbol = 'MSFT'`,
      sql`UPDATE coverage SET present = present & ~1, absent = 1 WHERE symbol = 'AAPL' AND month = '2025-07'`,
      sql`INSERT INTO absences (dataset, symbol, dt, reason, decided_at, recheck_at) VALUES ('equities_bars', 'AAPL', ${DAY}, 'GIVEN_UP', 0, NULL)`,
    ])
    expect(await again()).toMatchObject({ restored: SESSIONS + 1, cleared: 0 })
    expect(await known()).toEqual(before)
    expect(await running().db.all(sql`SELECT 1 FROM absences`)).toEqual([])
    expect(await again()).toMatchObject(NOTHING)
  })

  test('evidence that was lost is read out of the manifests again', async () => {
    const before = await known()
    await running().db.write([sql`DELETE FROM attempts WHERE symbol = 'AAPL'`, sql`DELETE FROM coverage`])
    expect(await again()).toMatchObject({ cells: CELLS, restored: CELLS, cleared: 0 })
    expect(await known()).toEqual(before)
  })

  test('bits nobody vouches for are cleared, and the audit asks for their cells', async () => {
    await running().db.write([
      sql`DELETE FROM attempts WHERE symbol = 'AAPL' AND dt = ${DAY}`,
      sql`UPDATE coverage SET present = present | 2048, short = 2048, held = 2048 WHERE symbol = 'AAPL' AND month = '2025-07'`,
    ])
    await rm(data('manifests/alpaca'), { recursive: true })
    const { body } = await node.post('/audit', { rebuild: true })
    // The day without evidence, and the eleventh, of which nobody ever heard.
    expect(body).toMatchObject({ cleared: 2 })
    const [masks] = await running().db.all(
      sql`SELECT short, held, present & 2048 AS bit FROM coverage WHERE symbol = 'AAPL' AND month = '2025-07'`,
    )
    expect(masks).toEqual({ short: 0, held: 0, bit: 0 })
    expect((await node.post('/audit')).body).toMatchObject({ gaps: 1 })
  })
})

describe('rebuild: of files that differ from the database', () => {
  test('cells whose file is gone become gaps, for good, also when the database is lost', async () => {
    await rm(raw(DAY))
    expect(await again()).toMatchObject({ files: FILES - 1, cells: CELLS - 2, restored: 0, cleared: 2 })
    expect(await again()).toMatchObject(NOTHING)
    expect((await node.post('/audit')).body).toMatchObject({ gaps: 2 })
    await withoutDatabase()
    expect(await again()).toMatchObject({ cells: CELLS - 2, ...NOTHING })
    expect((await node.post('/audit')).body).toMatchObject({ gaps: 2 })
  })

  test('a cell that moved to the other layout is still there', async () => {
    const own = data(`raw/alpaca/equities_bars/date=${DAY}/symbol=AAPL/data.parquet`)
    await mkdir(dirname(own), { recursive: true })
    await rename(raw(DAY), own)
    expect(await again()).toMatchObject({ cells: CELLS - 1, cleared: 1 })
  })

  test('files that no line tells of are named and not believed; adopting takes them', async () => {
    const place = 'massive/equities_bars/date=2025-07-02/symbol=AAPL/data.parquet'
    await oldFile(running().lake.duck, data(), place, dailyBar('2025-07-02'))
    await writeFile(data('raw/massive/notes.txt'), 'x')
    const found = { files: FILES + 1, restored: 0, cleared: 0, unclaimed: [`raw/${place}`], unclaimedFiles: 1 }
    expect(await again()).toMatchObject(found)
    await node.post('/adopt')
    expect(await again()).toMatchObject({ files: FILES + 1, cells: CELLS + 1, ...NOTHING })
    const before = await node.databaseText()
    await withoutDatabase()
    expect(await again()).toMatchObject({ cells: CELLS + 1, ...NOTHING })
    expect((await known()).attempts).toHaveLength(CELLS)
    expect(before).toContain('massive')
  })
})

test('rebuild: restores the same database from the files alone', async () => {
  const before = await known()
  await withoutDatabase()
  await running().db.write(
    ['attempts', 'coverage', 'bookmarks', 'manifests'].map((table) => sql.raw(`DELETE FROM ${table}`)),
  )
  expect(await again()).toMatchObject({ files: FILES, cells: CELLS, restored: CELLS, cleared: 0 })
  expect(await known()).toEqual(before)
  expect(await again()).toMatchObject({ files: FILES, cells: CELLS, ...NOTHING })
})

test('rebuild: killed before any of its writes and run again, it ends like one that was not killed', async () => {
  const damageDatabase = async (): Promise<void> => {
    await running().db.write([
      sql`DELETE FROM attempts WHERE symbol = 'AAPL'`,
      sql`DELETE FROM coverage WHERE symbol = 'MSFT'`,
      sql`DELETE FROM bookmarks`,
      sql`DELETE FROM manifests`,
    ])
  }
  await rm(raw(DAY))
  await again()
  const right = await known()
  for (let writes = 0; ; writes++) {
    await damageDatabase()
    const done = await rebuild({ ...running(), db: dyingAfter(running().db, writes) }).catch(() => null)
    if (done === null) await again()
    expect(await known()).toEqual(right)
    expect(await again()).toMatchObject(NOTHING)
    if (done !== null) break
    expect(writes).toBeLessThan(50)
  }
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
