import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { ASOF, FIRST, startTestNode, type TestNode } from '../test-node.ts'

interface Day {
  dt: string
  condition: string
  expected: number
  present: number
  held: number
  absent: number
  pending: number
  missing: number
  provisional: number
  finalAt: string | null
  lastChanged: string | null
}

let node: TestNode
let before: Day[]
beforeAll(async () => {
  node = await startTestNode()
  await node.steps('audit')
  before = await daysOf('equities_bars')
  await node.night()
}, 120_000)
afterAll(() => node.remove())

async function daysOf(dataset: string, query = ''): Promise<Day[]> {
  const { status, body } = await node.get(`/condition/${dataset}${query}`)
  expect(status, JSON.stringify(body)).toBe(200)
  return body.days as Day[]
}

/** The same days out of the newest bundle. */
async function bundledDays(dataset: string): Promise<Record<string, unknown>[]> {
  const { node: it } = node.running()
  const file = join(it.exportRoot, 'nightly', ASOF, 'tables/condition.parquet')
  return await it.lake.duck.all(`SELECT * FROM ${readParquet(file)} WHERE dataset = '${dataset}' ORDER BY dt`)
}

describe('condition', () => {
  test('a day whose cells wait on the queue is pending and not final', () => {
    expect(before).toHaveLength(6)
    for (const day of before)
      expect(day).toMatchObject({
        condition: 'pending',
        expected: 2,
        present: 0,
        pending: 2,
        missing: 0,
        finalAt: null,
        lastChanged: null,
      })
  })

  test('after the night old days are complete, and final once no window of re-reading is left', async () => {
    const days = await daysOf('equities_bars')
    expect(days.map(({ dt }) => dt)).toEqual([
      '2025-06-30',
      '2025-07-01',
      '2025-07-02',
      '2025-07-03',
      '2025-07-07',
      ASOF,
    ])
    expect(days[0]).toMatchObject({
      condition: 'complete',
      expected: 2,
      present: 2,
      pending: 0,
      missing: 0,
      lastChanged: '2025-07-09T00:30:00.000Z',
    })
    // The last window opens with the close of the third session after: 2025-07-03 for the first of these, and then the day was judged.
    expect(days.map(({ finalAt }) => finalAt !== null)).toEqual([true, true, true, false, false, false])
    expect(days[0]!.finalAt).toBe('2025-07-09T00:30:00.000Z')
  })

  test('the newest day of daily bars is provisional, hence pending', async () => {
    const newest = (await daysOf('equities_bars')).at(-1)
    expect(newest).toMatchObject({
      dt: ASOF,
      condition: 'pending',
      present: 2,
      pending: 0,
      provisional: 2,
      finalAt: null,
    })
  })

  test('yields are final with the judgement: nobody asks for them again', async () => {
    const [first] = await daysOf('macro_treasury')
    expect(first).toMatchObject({ dt: FIRST, condition: 'complete', expected: 1, present: 1 })
    expect(first!.finalAt).not.toBeNull()
  })

  test('the table of the bundle says the same of the same days', async () => {
    for (const dataset of ['equities_bars', 'macro_treasury']) {
      const days = await daysOf(dataset)
      const bundled = await bundledDays(dataset)
      expect(bundled).toEqual(
        days.map(({ finalAt, lastChanged, ...counts }) => ({
          dataset,
          ...counts,
          final_at: finalAt && Date.parse(finalAt),
          last_changed: lastChanged && Date.parse(lastChanged),
        })),
      )
    }
  })

  test('a bundle that is built again over the same lake stays as it is, the table included', async () => {
    const [again] = await node.steps('export')
    expect(again).toMatchObject({ verdict: 'unchanged' })
  })

  test('a held cell makes its day degraded, in the table as well, and leaves the last change of other days alone', async () => {
    const cell = { dataset: 'equities_bars', symbol: 'AAPL', dt: '2025-07-01' }
    expect((await node.post('/hold', { ...cell, reason: 'the tape says something else' })).status).toBe(200)
    await node.clock.sleep(60_000)
    await node.steps('curate-partition', 'qc-partition', 'export')
    const [other, held] = await daysOf('equities_bars')
    expect(held).toMatchObject({ condition: 'degraded', present: 2, held: 1 })
    expect(Date.parse(held!.lastChanged!)).toBeGreaterThan(Date.parse(other!.lastChanged!))
    expect(other).toMatchObject({ condition: 'complete', lastChanged: '2025-07-09T00:30:00.000Z' })
    expect((await bundledDays('equities_bars'))[1]).toMatchObject({ condition: 'degraded', held: 1 })
  })

  test('a cell that was given up makes its day missing, and somebody may still find it', async () => {
    const { db } = node.running().node
    await db.write([
      sql`UPDATE coverage SET present = present & ~4, held = held & ~4 WHERE dataset = 'equities_bars' AND symbol = 'MSFT' AND month = '2025-07'`,
    ])
    const [, , , day] = await daysOf('equities_bars')
    expect(day).toMatchObject({ dt: '2025-07-03', condition: 'missing', present: 1, missing: 1, finalAt: null })
  })

  test('verdicts of an older version are counted by the next audit', async () => {
    const { db } = node.running().node
    const before = await db.all(sql`SELECT * FROM day_verdicts WHERE dataset = 'macro_treasury'`)
    await db.write([sql`DELETE FROM day_verdicts WHERE dataset = 'macro_treasury'`])
    expect((await daysOf('macro_treasury'))[0]).toMatchObject({ condition: 'pending', lastChanged: null })
    await node.steps('audit')
    expect(await db.all(sql`SELECT * FROM day_verdicts WHERE dataset = 'macro_treasury'`)).toEqual(before)
  })

  test.each([
    ['nothing', 404, 'no dataset "nothing" here'],
    ['equities_bars?from=2025-07-08&to=2025-07-01', 400, 'from: 2025-07-08 lies after to, 2025-07-01'],
    ['equities_bars?from=2020-01-01&to=2025-01-01', 400, 'expected at most 366 days, got 1828'],
    ['equities_bars?from=2025-02-30', 400, 'expected a day as YYYY-MM-DD'],
    ['equities_bars?by=year', 400, 'by'],
  ])('a request for %s is refused with a reason', async (path, status, words) => {
    const answer = await node.get(`/condition/${path}`)
    expect(answer.status).toBe(status)
    expect(answer.body.error).toContain(words)
  })

  test('days outside of what is expected are none', async () => {
    expect(await daysOf('equities_bars', '?from=2010-01-01&to=2010-06-30')).toEqual([])
    expect(await daysOf('equities_bars', '?from=2025-07-07')).toHaveLength(2)
  })
})
