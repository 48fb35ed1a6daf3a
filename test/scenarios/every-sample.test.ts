import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { FAULTS } from '../../functions/_market/outcome.ts'
import { readPage as readAlpacaBars } from '../../functions/_vendors/alpaca/parse.ts'
import { askSessions } from '../../functions/_vendors/alpaca/sessions.ts'
import * as alpaca from '../../functions/_vendors/alpaca/wire.ts'
import * as fred from '../../functions/_vendors/fred/wire.ts'
import * as massive from '../../functions/_vendors/massive/wire.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import { type HttpAnswer, VendorError } from '../../functions/_vendors/vendor.ts'
import * as unasked from '../_vendors/unrequested-rows.ts'

/** Shapes seen at the vendors; not part of this repository because the numbers are theirs. */
const ROOT = join(process.cwd(), '../shared/vendor-samples')

/** Whether a body is what it should be; throws the reason when it is not. */
type Reader = (body: string, vendor: string) => unknown

const of =
  (schema: z.ZodType): Reader =>
  (body) =>
    schema.parse(JSON.parse(body))
const rowsOf = (page: z.ZodType<{ results?: unknown[] | null | undefined }>, row: z.ZodType): Reader => {
  return (body) => {
    const rows = page.parse(JSON.parse(body)).results ?? []
    for (const one of rows) row.parse(one)
  }
}
const answerOf = (body: string, status = 200): HttpAnswer => ({
  status,
  contentType: 'application/json',
  headers: {},
  body,
})
const alpacaBars: Reader = (body) => {
  const page = readAlpacaBars(answerOf(body))
  if (page instanceof VendorError) throw page
  for (const bar of [...page.bars.values()].flat()) expect(bar.bar).not.toBeNull()
}
const alpacaCalendar: Reader = async (body) => {
  const sessions = await askSessions('1970-01-01', '2029-12-31', async () => answerOf(body))
  if (sessions instanceof VendorError) throw sessions
  expect(sessions.length).toBeGreaterThan(0)
}
/** Every body of the table is judged with a word of the closed list. */
const errors: Reader = (body, vendor) => {
  const table = z
    .array(z.looseObject({ status: z.number(), body: z.unknown().optional(), body_text: z.string().optional() }))
    .parse(listOf(JSON.parse(body)))
  expect(table.length).toBeGreaterThan(2)
  for (const row of table) {
    const text = row.body_text ?? JSON.stringify(row.body ?? '')
    const judged = CONNECTORS.find(({ name }) => name === vendor)!.classify(answerOf(text, row.status))
    expect(FAULTS).toContain(judged.fault)
  }
}
const listOf = (value: unknown): unknown => (Array.isArray(value) ? value : Object.values(value as object)[0])

const table = (first: RegExp): Reader => {
  return (body) => expect(body.split('\n')[0]).toMatch(first)
}

/** What each sample is an answer to. The first that matches counts. */
const READERS: Record<string, [RegExp, Reader][]> = {
  alpaca: [
    [/^errors\.json$/, errors],
    [/^stocks_bars_latest/, of(unasked.LatestBars)],
    [/^(stocks|options)_bars_/, alpacaBars],
    [/^corporate_actions_/, of(alpaca.ActionsPage)],
    [/^calendar_v2/, alpacaCalendar],
    [/^calendar_v3/, of(unasked.MarketCalendar)],
    [/^clock_v2/, of(unasked.Clock)],
  ],
  massive: [
    [/^errors\.json$/, errors],
    [/^aggs_grouped/, rowsOf(massive.AggsPage, massive.GroupedRow)],
    [/^(aggs|options_aggs)_/, of(massive.AggsPage)],
    [/^options_contracts_page/, rowsOf(massive.ListPage, massive.ContractRow)],
    [/^options_contract_details/, of(unasked.ContractDetails)],
    [/^splits_/, rowsOf(massive.ListPage, massive.SplitRow)],
    [/^dividends_/, rowsOf(massive.ListPage, massive.DividendRow)],
    [/^treasury_yields/, of(massive.ListPage)],
    [/^ticker_events/, of(massive.EventsAnswer)],
    [/^ticker_details/, of(unasked.TickerDetails)],
    [/^tickers_page/, of(unasked.Tickers)],
    [/^marketstatus_now/, of(unasked.MarketStatus)],
    [/^marketstatus_upcoming/, of(unasked.UpcomingHolidays)],
    [/^open_close/, of(unasked.OpenClose)],
  ],
  fred: [
    [/^errors\.json$/, errors],
    [/output_type_3/, of(unasked.VintageColumns)],
    [/^series_observations_/, of(fred.ObservationsPage)],
    [/^series_vintagedates/, of(unasked.VintageDates)],
    [/^series_/, of(unasked.SeriesInfo)],
    [/\.csv$/, table(/^observation_date,DGS\d+\r?$/)],
    [/\.tsv$/, table(/\t/)],
  ],
}

describe.skipIf(!existsSync(ROOT))(
  'every sample of the vendors (skipped where ../shared/vendor-samples is absent)',
  () => {
    const vendors = existsSync(ROOT) ? readdirSync(ROOT).filter((name) => !name.includes('.')) : []

    it('comes from a vendor with a connector', () => {
      expect(vendors.sort()).toEqual(CONNECTORS.map(({ name }) => name).sort())
    })

    it.each(vendors.flatMap((vendor) => readdirSync(join(ROOT, vendor)).map((file) => [vendor, file] as const)))(
      '%s/%s parses',
      async (vendor, file) => {
        const read = READERS[vendor]?.find(([name]) => name.test(file))?.[1]
        if (read === undefined) throw new Error(`expected a reader for ${file}: say in READERS what it is an answer to`)
        await read(readFileSync(join(ROOT, vendor, file), 'utf8'), vendor)
      },
    )
  },
)
