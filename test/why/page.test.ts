import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestNode } from '../test-node.ts'
import {
  AGREED_EMPTY,
  BEFORE_HISTORY,
  EMPTY_ONCE,
  explain,
  explainedNode,
  HELD,
  PRESENT,
  pageAt,
  SECOND_HAND,
} from './explained-node.ts'

let node: TestNode
beforeAll(async () => {
  node = await explainedNode()
})
afterAll(() => node.remove())

describe('why page: the explanation of a cell as HTML', () => {
  test('for a client that prefers HTML; everybody else gets JSON', async () => {
    const path = `equities_bars/${PRESENT.symbol}/${PRESENT.dt}`
    const kindOf = async (accept: string) => (await pageAt(node, path, accept)).headers.get('content-type')
    for (const accept of [
      'text/html',
      'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
      'application/json;q=0.5, text/html',
    ])
      expect(await kindOf(accept), accept).toMatch(/^text\/html/)
    for (const accept of [
      '*/*',
      'application/json',
      'text/html;q=0.5, application/json',
      'text/html;q=0',
      'image/png',
      '',
    ])
      expect(await kindOf(accept), accept).toMatch(/^application\/json/)
    expect((await pageAt(node, path)).headers.get('vary')).toContain('Accept')
  })

  test('tells the same story, with structure and without scripts', async () => {
    const page = await (await pageAt(node, `equities_bars/${HELD.symbol}/${HELD.dt}`)).text()
    expect(page).toContain('<p class="next">nothing: held and left out of bundles (NON_POSITIVE_PRICE)')
    for (const text of [
      '<h1>equities_bars AAPL 2025-07-02</h1>',
      '<main id="main">',
      '<p>Held by QC and left out of bundles (RED).',
      '<h2>Judged</h2>',
      '<dd>non_positive_prices 1</dd>',
      'name="viewport"',
      '<html lang="en">',
    ])
      expect(page).toContain(text)
    expect(page).not.toMatch(/<script(?! src=)|\sstyle=|\son\w+=/i)
    expect(page).not.toMatch(/\b(undefined|null|NaN|\[object)/)
  })

  test('is there for every kind of cell, without holes in its text', async () => {
    const cells = [
      EMPTY_ONCE,
      AGREED_EMPTY,
      BEFORE_HISTORY,
      { symbol: 'FB', dt: '2022-06-01' },
      { symbol: 'META', dt: '2025-07-07' },
      { symbol: 'AAPL', dt: '9999-12-31' },
    ]
    for (const { symbol, dt } of cells) {
      const answer = await pageAt(node, `equities_bars/${symbol}/${dt}`)
      expect(answer.status).toBe(200)
      expect(await answer.text(), symbol).not.toMatch(/\b(undefined|null|NaN|\[object)/)
    }
    expect(await (await pageAt(node, 'equities_bars/FB/2022-06-01')).text()).toContain('href="../META/2022-06-01"')
  })

  test('of a cell that is settled makes no plan of when a vendor could be asked, one that is looked at again does', async () => {
    const askedAgain = async ({ symbol, dt }: { symbol: string; dt: string }) =>
      [
        ...(await (await pageAt(node, `equities_bars/${symbol}/${dt}`)).text()).matchAll(
          /<dt>Asked again<\/dt><dd>([a-z ]+)/g,
        ),
      ].map(([, text]) => text?.trim())
    expect(await askedAgain(AGREED_EMPTY)).toEqual(['not of itself', 'not of itself'])
    expect(await askedAgain(SECOND_HAND)).toEqual(['not of itself', 'not of itself'])
    expect(await askedAgain(EMPTY_ONCE)).toEqual(['not before'])
  })

  test('says of calls that were sent before the clock was set back what they are', async () => {
    const { db, now } = node.running().node
    const later = Math.floor(now() / 1_000) * 1_000 + 3_600_000
    await db.write([sql`INSERT INTO budgets (vendor, kind, starts_at, calls) VALUES ('massive', 'slot', ${later}, 82)`])
    const page = await (await pageAt(node, `equities_bars/${PRESENT.symbol}/${PRESENT.dt}`)).text()
    const vendors = await (
      await fetch(`${node.running().address}/vendors`, { headers: { accept: 'text/html' } })
    ).text()
    const { body } = await node.get('/status')
    await db.write([sql`DELETE FROM budgets WHERE starts_at = ${later}`])
    expect(page).toMatch(
      /8\d of 5 this minute \(82 of them before the clock was set back: they count until it is past them\)/,
    )
    expect(vendors).toContain('(82 of them before the clock was set back)')
    expect(JSON.stringify(body)).toContain('"callsBeforeClockWasSetBack":82')
  })

  test('shows what a vendor said as text, whatever it is', async () => {
    const { db } = node.running().node
    const evil = `<script>alert(1)</script> "quoted" & 'so on' <img src=x onerror=alert(2)>`
    await db.write([
      sql`UPDATE attempts SET note = ${evil} WHERE symbol = 'META' AND dt = '2025-07-08' AND dataset = 'equities_bars'`,
      sql`INSERT INTO findings (dataset, symbol, dt, partition, status, flags, numbers, vendor, action, checked_at)
          VALUES ('equities_bars', 'META', '2025-07-08', '2025', 'AMBER', '<b>FLAG</b>', '{"<i>":1}', '<u>', 'none', 0)`,
    ])
    const answer = await pageAt(node, 'equities_bars/META/2025-07-08')
    const page = await answer.text()
    expect(page).toContain(
      '&lt;script&gt;alert(1)&lt;/script&gt; &quot;quoted&quot; &amp; &#39;so on&#39; &lt;img src=x',
    )
    expect(page).not.toMatch(/<script(?! src=)|<img|<b>|<i>|<u>/)
    expect(answer.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'self'; script-src 'self';/,
    )
    expect((await explain(node, 'META', '2025-07-08')).vendors[0]?.attempt).toMatchObject({ note: evil })
  })
})
