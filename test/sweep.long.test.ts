import { sql } from 'drizzle-orm'
import { expect, onTestFinished, test } from 'vitest'
import { explainedNode, pageAt } from './why/explained-node.ts'

const NEVER = Number.MAX_SAFE_INTEGER
const CELLS = ['AAPL', 'MSFT'].flatMap((symbol) =>
  ['2025-06-30', '2025-07-01', '2025-07-07', '2025-07-08'].map((dt) => `corporate_actions/${symbol}/${dt}`),
)

test('sweep: a dry run lists what would go and changes nothing', async () => {
  const node = await explainedNode()
  onTestFinished(() => node.remove())
  const before = await node.databaseText()
  expect(await node.post('/sweep', { dryRun: true })).toMatchObject({
    status: 200,
    body: { dryRun: true, bundles: [], heldBack: [], damagedFiles: [], quarantine: 0, more: false },
  })
  expect(await node.databaseText()).toBe(before)
  expect((await node.get('/status')).body.retention).toEqual({
    bundles: [],
    heldBack: [],
    damagedFiles: [],
    quarantine: 0,
  })
})

test('sweep: days without events that an older version left as rows are kept by month, and nothing is told otherwise', async () => {
  const node = await explainedNode()
  onTestFinished(() => node.remove())
  const { db } = node.running().node
  await db.write([
    sql`UPDATE absences SET recheck_at = NULL WHERE dataset = 'corporate_actions'`,
    sql`UPDATE attempts SET ask_again_at = ${NEVER} WHERE dataset = 'corporate_actions'`,
    sql`UPDATE attempts SET at = at - 60000 WHERE dataset = 'corporate_actions' AND dt = '2025-07-01'`,
  ])
  const coverage = async () => (await node.get('/coverage/corporate_actions?by=month')).body
  const explanations = async () => {
    const told = []
    for (const cell of CELLS) {
      const { now: _, ...body } = (await node.get(`/why/${cell}`)).body
      told.push(JSON.parse(JSON.stringify(body)) as Record<string, unknown>)
    }
    return told
  }
  const rows = async (table: string) =>
    (await db.all(sql`SELECT 1 FROM ${sql.identifier(table)} WHERE dataset = 'corporate_actions'`)).length
  const before = [await coverage(), await explanations()]
  expect([await rows('attempts'), await rows('absences'), await rows('empty_months')]).toEqual([12, 12, 0])
  expect((await node.post('/sweep')).body).toMatchObject({ compacted: 12, more: false })
  expect([await rows('attempts'), await rows('absences'), await rows('empty_months')]).toEqual([0, 0, 4])
  const [, old] = before
  const told = await explanations()
  const month = (told[1] as { vendors: { attempt: { since?: string; at: string } | null }[] }).vendors
  const attempt = month.find(({ attempt: one }) => one !== null)!.attempt!
  expect(Date.parse(attempt.at) - Date.parse(attempt.since!)).toBe(60_000)
  const page = await (await pageAt(node, CELLS[1]!)).text()
  expect(page).toMatch(/\(empty\), between .* and /)
  const timeless = (body: unknown): unknown =>
    JSON.parse(JSON.stringify(body, (key, value) => (key === 'at' || key === 'since' ? undefined : value)))
  expect(timeless(told)).toEqual(timeless(old))
  expect(timeless(await coverage())).toEqual(timeless(before[0]))
  expect((await node.post('/sweep')).body).toMatchObject({ compacted: 0, more: false })
})
