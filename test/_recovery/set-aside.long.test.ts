import { access, appendFile, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ManifestEntry, type SetAsideLine } from '../../functions/_lake/manifest.ts'
import { setAsideDamaged } from '../../functions/_recovery/set-aside.ts'
import { ASOF, FIRST, SESSIONS, startTestNode, type TestNode } from '../test-node.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let node: TestNode
beforeEach(async () => {
  node = await startTestNode()
  await collect()
  await node.clock.sleep(60_000)
})
afterEach(() => node.remove())

const DAY = '2025-07-01'
const data = (...parts: string[]): string => join(node.root, 'data_layer', ...parts)
const running = () => node.running().node
const raw = (dt = DAY): string => data(`raw/alpaca/equities_bars/date=${dt}/data.parquet`)
const manifests = () => data('manifests/alpaca/equities_bars')
const tear = async (dt = DAY): Promise<void> => truncate(raw(dt), 700)
const touch = () =>
  running().db.write([sql`UPDATE partitions SET version = version + 1 WHERE dataset = 'equities_bars'`])
const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
const present = async (): Promise<unknown> =>
  await running().db.all<{ days: number }>(
    sql`SELECT symbol, month, present FROM coverage WHERE dataset = 'equities_bars' ORDER BY symbol, month`,
  )
const evidence = (dt = DAY) =>
  running().db.all<Record<string, unknown>>(
    sql`SELECT symbol, outcome, digest, note FROM attempts WHERE dataset = 'equities_bars' AND dt = ${dt} AND vendor = 'alpaca' ORDER BY symbol`,
  )
const asideLines = async (): Promise<SetAsideLine[]> => {
  const found: SetAsideLine[] = []
  for (const name of await readdir(manifests())) {
    for (const text of (await readFile(join(manifests(), name), 'utf8')).trim().split('\n')) {
      const line = ManifestEntry.parse(JSON.parse(text))
      if (line.verdict === 'set_aside') found.push(line)
    }
  }
  return found
}
/** What the night does up to curation. */
const collect = async (): Promise<void> => {
  await node.post('/audit')
  for (let more = true; more; ) more = (await node.post('/dispatch-one-task')).body.more === true
}
const curate = async (): Promise<Record<string, unknown>[]> => {
  const answers: Record<string, unknown>[] = []
  do answers.push((await node.post('/curate-partition')).body)
  while (answers.at(-1)?.more === true && answers.length < 20)
  return answers.filter(({ dataset }) => dataset === 'equities_bars')
}
/** July without the day that was torn. */
const JULY = [2, 3, 7, 8].reduce((mask, day) => mask + 2 ** (day - 1), 0)
const without = ['AAPL', 'MSFT'].flatMap((symbol) => [
  { symbol, month: '2025-06', present: 2 ** 29 },
  { symbol, month: '2025-07', present: JULY },
])
const whole = without.map((row) => (row.month === '2025-07' ? { ...row, present: JULY + 1 } : row))

describe('set aside: a torn raw file', () => {
  test('is set aside when its partition is curated, its cells are gaps and come back with the next night', async () => {
    await tear()
    await touch()
    const answers = await curate()
    expect(answers[0]).toMatchObject({ ok: true, repaired: { files: 1, lost: 2, held: 0 }, more: true })
    expect(answers[1]).toMatchObject({ ok: true, rows: 2 * (SESSIONS - 1), cells: 2 * (SESSIONS - 1) })
    expect(await isThere(`${raw()}.damaged`)).toBe(true)
    expect(await present()).toEqual(without)
    expect(await evidence()).toMatchObject([
      { symbol: 'AAPL', outcome: 'lost', digest: null, note: expect.stringContaining('could not be read') },
      { symbol: 'MSFT', outcome: 'lost', digest: null },
    ])
    expect(node.lines.some((line) => line.includes('raw.set_aside'))).toBe(true)

    const { body: story } = await node.get(`/why/equities_bars/AAPL/${DAY}`)
    expect(JSON.stringify(story)).toContain('could not be read and was set aside')
    expect(story).toMatchObject({ coverage: { present: false }, next: { sentence: expect.stringContaining('gap') } })

    expect((await node.post('/audit')).body).toMatchObject({ gaps: 2, enqueued: 2 })
    await collect()
    expect(await present()).toEqual(whole)
    expect(await isThere(raw())).toBe(true)
    expect((await node.post('/audit')).body).toMatchObject({ gaps: 0 })
  })

  test('is named by the status, also once its cells are back, and is nothing an adoption wonders about', async () => {
    expect((await node.get('/status')).body).toMatchObject({ lostFiles: { damaged: 0, gone: 0, newest: [] } })
    await tear()
    await touch()
    await curate()
    await node.post('/audit')
    await collect()
    const path = `raw/alpaca/equities_bars/date=${DAY}/data.parquet`
    expect((await node.get('/status')).body).toMatchObject({
      lostFiles: { damaged: 1, gone: 0, newest: [{ path, why: 'damaged', cells: 2, at: expect.stringMatching(/Z$/) }] },
    })
    expect((await node.post('/adopt')).body).toMatchObject({ skipped: 1, problemCounts: { set_aside: 1 } })
  })

  test('costs an answer nothing: it is set aside when the answer for another symbol of its day is kept', async () => {
    await tear()
    await running().db.write([
      sql`UPDATE coverage SET present = present & ~1 WHERE dataset = 'equities_bars' AND symbol = 'AAPL' AND month = '2025-07'`,
      sql`UPDATE attempts SET digest = NULL, outcome = 'unavailable', ask_again_at = 0 WHERE dataset = 'equities_bars' AND symbol = 'AAPL' AND dt = ${DAY}`,
    ])
    await node.post('/audit')
    expect((await node.post('/dispatch-one-task')).body).toMatchObject({ ok: true })
    expect(await isThere(`${raw()}.damaged`)).toBe(true)
    expect(await evidence()).toMatchObject([
      { symbol: 'AAPL', outcome: 'filled' },
      { symbol: 'MSFT', outcome: 'lost' },
    ])
  })

  test('with all others of its partition torn as well costs one call, not one each', async () => {
    for (const dt of [FIRST, DAY, ASOF]) await tear(dt)
    await touch()
    const answers = await curate()
    expect(answers[0]).toMatchObject({ repaired: { files: 3, lost: 6, held: 0 } })
    expect(answers).toHaveLength(2)
  })

  test('that is whole again when it is looked at stays where it is', async () => {
    expect(await setAsideDamaged(running(), [raw()])).toEqual({ files: 0, cells: 0 })
    expect(await isThere(raw())).toBe(true)
    expect(await asideLines()).toEqual([])
  })

  test('another vendor has delivered leaves the cell present, and only the evidence is lost', async () => {
    await running().db.write([
      sql`INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, digest, at, ask_again_at)
          SELECT dataset, symbol, dt, 'massive', 1, 'filled', 1, digest, at, ask_again_at FROM attempts
          WHERE dataset = 'equities_bars' AND symbol = 'AAPL' AND dt = ${DAY}`,
    ])
    await tear()
    await setAsideDamaged(running(), [raw()])
    expect(await present()).toEqual(
      whole.map((row) =>
        row.symbol === 'MSFT' ? { ...row, present: row.present & ~(row.month === '2025-07' ? 1 : 0) } : row,
      ),
    )
  })
})

describe('set aside: killed on the way', () => {
  test('between the lines and the rename: the start makes gaps of the cells, and the damaged file goes when it is met', async () => {
    await tear()
    const { symbol: _, ...line } = { ...(await lineOf('AAPL')) }
    await node.stop()
    await appendLines(['AAPL', 'MSFT'].map((symbol) => ({ ...line, symbol })))
    await node.start()
    expect(await present()).toEqual(without)
    await collect()
    expect(await present()).toEqual(whole)
    expect(await isThere(`${raw()}.damaged`)).toBe(true)
  })

  test('between the rename and the write: the start ends it, once', async () => {
    const line = await lineOf('AAPL')
    await node.stop()
    await appendLines([line, { ...line, symbol: 'MSFT' }])
    await rename(raw(), `${raw()}.damaged`)
    await node.start()
    expect(await present()).toEqual(without)
    const before = await node.databaseText()
    await node.stop()
    await node.start()
    expect(await node.databaseText()).toBe(before)
  })
})

describe('set aside: the manifests afterwards', () => {
  test('do not bring the cells back when the database is gone', async () => {
    await tear()
    await setAsideDamaged(running(), [raw()])
    expect((await asideLines()).map(({ symbol, why }) => [symbol, why])).toEqual([
      ['AAPL', 'damaged'],
      ['MSFT', 'damaged'],
    ])
    await node.stop()
    await rm(data('state'), { recursive: true })
    await node.start()
    expect(await present()).toEqual(without)
    expect((await node.post('/audit')).body).toMatchObject({ gaps: 2 })
  })

  test('bring back what was fetched anew since', async () => {
    await tear()
    await setAsideDamaged(running(), [raw()])
    await collect()
    expect(await present()).toEqual(whole)
    await node.stop()
    await node.start()
    expect(await present()).toEqual(whole)
    await node.stop()
    await rm(data('state'), { recursive: true })
    await node.start()
    expect(await present()).toEqual(whole)
  })
})

test('set aside: a raw file that has vanished is noticed when its partition is judged, and its cells are gaps', async () => {
  await rm(raw())
  await touch()
  await curate()
  expect((await node.post('/qc-partition')).body).toMatchObject({ red: 2, gone: 2 })
  expect(await present()).toEqual(without)
  expect((await asideLines()).map(({ why }) => why)).toEqual(['gone', 'gone'])
  expect((await node.post('/audit')).body).toMatchObject({ gaps: 2 })
  await collect()
  expect(await present()).toEqual(whole)
})

test('set aside: a restored copy of a file that was set aside is adopted, and stays so over starts and without a database', async () => {
  const copy = await readFile(raw())
  await tear()
  await setAsideDamaged(running(), [raw()])
  await node.clock.sleep(60_000)
  await writeFile(raw(), copy)
  for (const verify of ['footers', 'rows']) {
    expect((await node.post('/adopt', { verify, restart: true })).body).toMatchObject({ cells: 2 })
    await node.stop()
    await node.start()
    expect(await present()).toEqual(whole)
    await node.stop()
    await rm(data('state'), { recursive: true })
    await node.start()
    expect(await present()).toEqual(whole)
  }
})

async function lineOf(symbol: string): Promise<SetAsideLine> {
  const path = `raw/alpaca/equities_bars/date=${DAY}/data.parquet`
  const at = new Date(node.clock.now()).toISOString()
  return { dataset: 'equities_bars', symbol, dt: DAY, vendor: 'alpaca', verdict: 'set_aside', why: 'damaged', path, at }
}

async function appendLines(lines: SetAsideLine[]): Promise<void> {
  const [name = ''] = (await readdir(manifests())).sort().slice(-1)
  await appendFile(join(manifests(), name), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
}
