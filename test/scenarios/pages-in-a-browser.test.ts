import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { sql } from 'drizzle-orm'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestNode, type TestNode } from '../test-node.ts'

const TOKEN = 'full-token-0123456789'
/** Debian's package `chromium`. */
const CHROMIUM = '/usr/bin/chromium'
const isThere = existsSync(CHROMIUM)
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const PREVIEW = '/enqueue?dataset=equities_bars&from=2025-06-30&to=2025-07-08&again=true'
const PAGES = [
  '/',
  PREVIEW,
  '/coverage/equities_bars',
  '/why/equities_bars/AAPL/2025-07-08',
  '/vendors',
  '/quality',
  '/history',
  '/api',
]

if (!isThere) process.stderr.write(`pages in a browser: skipped, there is no ${CHROMIUM} (apt-get install chromium)\n`)

describe.skipIf(!isThere)('pages in a browser', { timeout: 120_000 }, () => {
  let node: TestNode
  let browser: Browser
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    node = await startTestNode({ env: { DATA_NODE_TOKEN: TOKEN } })
    await node.night()
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    page = await browser.newPage({ timezoneId: 'Europe/Berlin' })
    complaints = []
    page.on('pageerror', (error) => void complaints.push(String(error)))
    page.on('console', (message) => {
      // The form comes with 401, which a browser notes.
      if (message.type() === 'error' && !message.text().includes('401')) complaints.push(message.text())
    })
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await node?.remove()
  })

  const address = (path: string): string => `${node.running().address}${path}`

  test('a form takes the token and leads to the page that was asked for, whose links lead from the hole to its story', async () => {
    await page.goto(address('/coverage/equities_bars'))
    await page.getByLabel('Token').fill('wrong')
    await page.getByRole('button', { name: 'Log in' }).click()
    expect(await page.getByRole('alert').textContent()).toBe('This token is not known here.')
    await page.getByLabel('Token').fill(TOKEN)
    await page.keyboard.press('Enter')
    await page.waitForSelector('.map')
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Coverage of equities_bars')
    await page.locator('.map a[href$="/2025-07-08"]').first().click()
    await page.waitForURL('**/why/**')
    expect(await page.locator('.verdict').textContent()).toMatch(/Good \(GREEN\)\. Checked again for corrections after/)
    expect(await page.evaluate('document.cookie')).toBe('')
  })

  test('the status page follows the node without being loaded again, and shows the time of the reader', async () => {
    await page.goto(address('/'))
    await page.getByText('Live: this page follows the node.').waitFor()
    expect(await page.locator('#verdict').textContent()).toMatch(
      /^Well\. Last bundle 20:3\d \(.*02:3\d here\), complete\./,
    )
    node.running().node.health.add(() => [{ code: 'disk_low', what: 'the disk is nearly full', todo: 'Free space' }])
    await page.getByText('The disk is nearly full; free space.').waitFor()
  })

  test('a hole leads to its preview, the preview to the queue, and the queue to a cell that is there', async () => {
    const { db } = node.running().node
    const isHole = sql`dataset = 'equities_bars' AND symbol = 'MSFT'`
    await db.write([
      sql`UPDATE coverage SET present = present & ~1 WHERE month = '2025-07' AND ${isHole}`,
      sql`DELETE FROM attempts WHERE dt = '2025-07-01' AND ${isHole}`,
    ])
    await page.goto(address('/coverage/equities_bars?from=2025-07-01&to=2025-07-01&symbols=MSFT'))
    await page.getByText('Ask for a range').click()
    await page.getByRole('button', { name: 'See what that takes' }).click()
    await page.waitForURL('**/enqueue?**')
    expect(await page.locator('.verdict').textContent()).toBe('1 cell would be queued.')
    await page.getByRole('button', { name: 'Queue 1 cell' }).click()
    await page.getByText('Nothing to add: 1 cell of it is queued.').waitFor()
    await node.night()
    await page.reload()
    await page.getByText('Nothing to ask for: all of it is there or explained.').waitFor()
    await page.getByText('Coverage of this range').click()
    expect(await page.locator('main > p').first().textContent()).toContain('100 % of 1 cells are there or explained.')
    await page.getByRole('link', { name: 'Latest bundle' }).click()
    expect(await page.textContent('body')).toContain('2025-07-08')
  })

  test.each(PAGES)('%s is accessible and fits, on phone and desktop, in light and dark', async (path) => {
    for (const width of [1_200, 390]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: 900 })
        await page.emulateMedia({ colorScheme })
        await page.goto(address(path))
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
        await page.evaluate(AXE)
        const { violations } = (await page.evaluate('axe.run()')) as {
          violations: { id: string; impact: string; nodes: { html: string }[] }[]
        }
        const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
        expect(serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([])
      }
    }
  })

  test('a log-out ends the session, and no page complained of anything', async () => {
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.waitForURL('**/login')
    await page.goto(address('/'))
    expect(await page.getByLabel('Token').count()).toBe(1)
    expect(complaints).toEqual([])
  })
})
