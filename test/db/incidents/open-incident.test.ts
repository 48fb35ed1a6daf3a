import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { EVIDENCE } from '../../../db/attempts/table.ts'
import { enqueueTasks } from '../../../db/gap-tasks/enqueue-tasks.ts'
import { openIncident } from '../../../db/incidents/open-incident.ts'
import { OUTCOMES } from '../../../functions/_market/outcome.ts'
import { NEVER } from '../filled-settlement.ts'
import { DATASET, freshDb, NOW, newTask, tasksIn } from '../temp-db.ts'

const DT = '2024-07-02'

test('open incident: evidence is how a question ended, or that what was delivered is lost or forgotten', () => {
  expect(EVIDENCE).toEqual([...OUTCOMES, 'lost', 'forgotten'])
})

test('open incident: a cell stays queued while a vendor may be asked for a lost version; once all other vendors have answered, it is suppressed', async () => {
  const db = await freshDb()
  const answers = { ASKED: 'unavailable', LOST: 'lost', SNOOZED: 'rate_limited' }
  await enqueueTasks(
    db,
    DATASET,
    Object.keys(answers).map((symbol) => newTask(symbol, DT)),
    NOW,
  )
  for (const [symbol, outcome] of Object.entries(answers)) {
    await db.write([
      sql`INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, at, ask_again_at)
          VALUES (${DATASET}, ${symbol}, ${DT}, 'alpaca', 1, 'empty', 0, ${NOW}, ${NOW + 1}),
                 (${DATASET}, ${symbol}, ${DT}, 'massive', 1, ${outcome}, 0, ${NOW}, 0)`,
      sql`INSERT INTO absences (dataset, symbol, dt, reason, decided_at, recheck_at)
          VALUES (${DATASET}, ${symbol}, ${DT}, 'VENDOR_EMPTY_ONCE', ${NOW}, ${NOW + 1})`,
    ])
  }
  await openIncident(db, {
    kind: 'vendor_outage',
    dataset: DATASET,
    dt: DT,
    vendor: 'alpaca',
    lacking: ['alpaca'],
    others: ['massive'],
    partition: '2024',
    firstLookAt: NOW,
    recheckAt: NEVER,
    now: NOW,
  })
  expect((await tasksIn(db)).map(({ symbol, state }) => [symbol, state])).toEqual([
    ['ASKED', 'done'],
    ['LOST', 'queued'],
    ['SNOOZED', 'queued'],
  ])
})
