import { afterEach, expect, test } from 'vitest'
import { startTestNode, type TestNode } from '../test-node.ts'

let node: TestNode | undefined
afterEach(() => node?.remove())

const READS = [
  '/status',
  '/cron',
  '/queue',
  '/vendors',
  '/quarantine',
  '/coverage/equities_bars?by=year',
  '/coverage/macro_treasury?by=month',
  '/changes?since=2025-07-08',
  '/why/equities_bars/AAPL/2025-07-08',
  '/why/equities_bars/AAPL/1970-01-05',
  '/why/macro_treasury/US_TREASURY/2025-07-08',
  '/livez',
  '/readyz',
]

test.each([
  ['1970', 0],
  ['1962, before every calendar', Date.parse('1962-01-01T00:00:00Z')],
  ['the day after the calendars end', Date.parse('2031-01-01T06:00:00Z')],
  ['a century later', Date.parse('2126-07-08T20:30:00Z')],
])('any clock: every read answers with a clock of %s', async (_, now) => {
  node = await startTestNode({ now })
  const answers = new Map<string, unknown>()
  for (const path of READS) {
    const { status, body } = await node.get(path)
    if (status >= 500) answers.set(path, body.error)
  }
  expect(Object.fromEntries(answers)).toEqual({})
})
