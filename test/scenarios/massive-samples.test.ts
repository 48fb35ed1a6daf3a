import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readDividend, readSplit } from '../../functions/_vendors/massive/action-row.ts'
import { OPTION_PREFIX, readContract } from '../../functions/_vendors/massive/contracts.ts'
import { classify, readAggs, readListPage, readRangeRow } from '../../functions/_vendors/massive/parse.ts'
import { nextAddress } from '../../functions/_vendors/massive/request.ts'
import { canonicalSymbol, vendorTicker } from '../../functions/_vendors/massive/ticker-format.ts'
import { type HttpAnswer, VendorError } from '../../functions/_vendors/vendor.ts'
import { termsOf, want } from '../_vendors/contract.ts'
import { ask, list } from '../_vendors/massive/asking.ts'
import { NOW, type Reply } from '../_vendors/scripted-vendor.ts'

/** Shapes seen at the vendor; not part of this repository because the numbers are theirs. */
const ROOT = join(process.cwd(), '../shared/vendor-samples/massive')

const answerOf = (file: string): HttpAnswer => ({
  status: 200,
  contentType: 'application/json',
  headers: {},
  body: readFileSync(join(ROOT, file), 'utf8'),
})

const filesOf = (name: RegExp): string[] => readdirSync(ROOT).filter((file) => name.test(file))

/** The rows of a list; fails the test with the reason when it did not parse. */
function rowsOf(file: string): unknown[] {
  const page = readListPage(answerOf(file))
  if (page instanceof VendorError) throw page
  expect(page.rows.length, file).toBeGreaterThan(0)
  return page.rows
}

describe.skipIf(!existsSync(ROOT))(
  "massive samples: Massive's own samples (skipped where ../shared/vendor-samples is absent)",
  () => {
    it('every listed contract says the same as its symbol', () => {
      const files = filesOf(/^options_contracts_page/)
      expect(files.length).toBe(2)
      for (const file of files) {
        for (const row of rowsOf(file)) expect(readContract(row, 'A'), file).toMatchObject({ contract: { root: 'A' } })
      }
      const details = JSON.parse(answerOf('options_contract_details.json').body).results
      expect(readContract(details, 'EVRI')).toEqual({
        contract: {
          contract: 'EVRI240119C00002500',
          root: 'EVRI',
          expiration: '2024-01-19',
          right: 'call',
          strike: 2.5,
        },
      })
    })

    it('the first page of contracts leads to the second', () => {
      const page = readListPage(answerOf('options_contracts_page1.json'))
      if (page instanceof VendorError) throw page
      expect(nextAddress(page.nextUrl ?? '')).toMatchObject({ path: '/v3/reference/options/contracts' })
    })

    it('bars of contracts parse, those of nobody too, and adjusted ones are refused', () => {
      const full = answerOf('options_aggs_range_docexample.json')
      expect(readAggs(full, `${OPTION_PREFIX}RDFN211119C00025000`)).toMatchObject({ fault: 'malformed' })
      const raw = { ...full, body: full.body.replace('"adjusted": true', '"adjusted": false') }
      const page = readAggs(raw, `${OPTION_PREFIX}RDFN211119C00025000`)
      if (page instanceof VendorError) throw page
      expect(page.rows.map((row) => readRangeRow(row).bar?.volume)).toEqual([2, 2])
      expect(readAggs(answerOf('options_aggs_empty.json'), `${OPTION_PREFIX}TSLA211203C01120000`)).toEqual({
        rows: [],
        nextUrl: null,
      })
    })

    it('every split and dividend parses, new and old', () => {
      for (const file of filesOf(/^splits_/)) {
        for (const row of rowsOf(file)) expect(readSplit(row), file).toMatchObject({ action: { kind: 'split' } })
      }
      for (const file of filesOf(/^dividends_/)) {
        for (const row of rowsOf(file)) {
          expect(readDividend(row), file).toMatchObject({
            action: { kind: 'cash_dividend', detail: '{"frequency":4}' },
          })
        }
      }
      expect(filesOf(/^(splits|dividends)_/).length).toBe(4)
    })

    it('the new name of a company is told', async () => {
      const names = { META: { until: null, was: [{ symbol: 'FB', to: '2022-06-08' }] } }
      const terms = { ...termsOf('corporate_actions', NOW), names }
      const told: Reply = { body: answerOf('ticker_events.json').body }
      const { answer, vendor } = await ask([want('META', '2022-06-13')], terms, (url) =>
        url.pathname.endsWith('/events') ? told : list([]),
      )
      await vendor.close()
      expect(answer.rows.get('META 2022-06-13')).toMatchObject([
        { kind: 'name_change', effective_date: '2022-06-11', other_symbol: 'FB' },
      ])
    })

    it('every ticker of the lists comes back from its spelling, or is none of ours', () => {
      const tickers = filesOf(/^(tickers_page|aggs_grouped)/).flatMap((file) => {
        const { results = [] } = JSON.parse(answerOf(file).body) as { results?: { T?: string; ticker?: string }[] }
        return results.map((row) => row.T ?? row.ticker ?? '')
      })
      expect(tickers.length).toBeGreaterThan(5)
      for (const ticker of tickers) {
        const canonical = canonicalSymbol(ticker)
        if (canonical !== null) expect(vendorTicker(canonical)).toBe(ticker)
        else expect(ticker).toMatch(/[a-z]/)
      }
    })

    it('every refusal has its word', () => {
      const table = JSON.parse(answerOf('errors.json').body) as {
        status: number
        when: string
        body?: object
        body_text?: string
      }[]
      const faults = table.map(({ status, body, body_text }) => {
        const text = body_text ?? JSON.stringify(body)
        return classify({ status, contentType: '', headers: {}, body: text }).fault
      })
      expect(faults).toEqual([
        'not_entitled',
        'not_entitled',
        'not_entitled',
        'before_history',
        'too_recent',
        'not_entitled',
        'malformed',
        'malformed',
        'malformed',
        'rate_limited',
      ])
    })
  },
)
