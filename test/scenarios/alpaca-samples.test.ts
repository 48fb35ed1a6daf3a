import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { ACTION_KINDS } from '../../functions/_market/row.ts'
import { sessionOfAction } from '../../functions/_vendors/action-day.ts'
import { readAction } from '../../functions/_vendors/alpaca/action-rows.ts'
import { alpaca } from '../../functions/_vendors/alpaca/index.ts'
import { ActionsPage } from '../../functions/_vendors/alpaca/wire.ts'
import { occParts } from '../../functions/_vendors/occ.ts'
import { asking } from '../_vendors/alpaca/asking.ts'
import { termsOf, want } from '../_vendors/contract.ts'
import { inOrder, NOW, scriptedVendor } from '../_vendors/scripted-vendor.ts'

/** Shapes seen at the vendor; not part of this repository because the numbers are theirs. */
const ROOT = join(process.cwd(), '../shared/vendor-samples/alpaca')
const bodyOf = (file: string): unknown => JSON.parse(readFileSync(join(ROOT, file), 'utf8'))
const rowsOf = (file: string): [plural: string, row: unknown][] =>
  Object.entries(ActionsPage.parse(bodyOf(file)).corporate_actions).flatMap(([plural, rows]) =>
    rows.map((row): [string, unknown] => [plural, row]),
  )
const ACTION_FILES = [
  'corporate_actions_2024_03.json',
  'corporate_actions_cash_dividend_tpg.json',
  'corporate_actions_empty.json',
  'corporate_actions_page1_all_types.json',
  'corporate_actions_page2_last.json',
]

describe.skipIf(!existsSync(ROOT))(
  "alpaca samples: Alpaca's own samples (skipped where ../shared/vendor-samples is absent)",
  () => {
    it.each(ACTION_FILES)('every corporate action of %s is read', (file) => {
      for (const [plural, row] of rowsOf(file)) {
        expect(readAction(plural, row), JSON.stringify(row)).toMatchObject({ action: { kind: expect.any(String) } })
      }
    })

    it('thirteen plurals are told apart, none of them as other', () => {
      const read = rowsOf('corporate_actions_page1_all_types.json').map(([plural, row]) => readAction(plural, row))
      const kinds = read.map((one) => (one !== null && 'action' in one ? one.action.kind : 'unread'))
      expect(kinds.every((kind) => kind !== 'unread' && kind !== 'other' && ACTION_KINDS.includes(kind))).toBe(true)
      expect(new Set(kinds).size).toBe(12)
      expect(read.slice(0, 3)).toMatchObject([
        { ticker: 'MNTS', action: { kind: 'split', old_shares: 50, new_shares: 1 } },
        { ticker: 'SRE', action: { kind: 'split', old_shares: 1, new_shares: 2, payable_date: '2023-08-21' } },
        { ticker: 'TPBAU', action: { kind: 'unit_split', other_symbol: 'LVRO', effective_date: '2023-03-01' } },
      ])
      expect(read.slice(3, 9)).toMatchObject([
        { ticker: 'MSBC', action: { old_shares: 1, new_shares: 0.05, effective_date: '2023-05-19' } },
        { ticker: 'FCF', action: { cash: 0.125, effective_date: '2023-05-04' } },
        { ticker: 'JUPW', action: { old_shares: 19.35, new_shares: 1, other_symbol: 'SRM' } },
        { ticker: 'GLOP', action: { cash: 5.37, other_symbol: null } },
        { ticker: 'LSI', action: { old_shares: 1, new_shares: 0.895, cash: null, other_symbol: 'EXR' } },
        { ticker: 'MLVF', action: { old_shares: 1, new_shares: 0.7733, cash: 7.8, other_symbol: 'FRBA' } },
      ])
      expect(read.slice(9)).toMatchObject([
        { ticker: 'ORPHY', action: { kind: 'redemption', cash: 0.141134, effective_date: '2023-06-13' } },
        { ticker: 'VFS', formerly: 'BSAQ', action: { kind: 'name_change', other_symbol: 'BSAQ' } },
        { ticker: 'ATNXQ', action: { kind: 'worthless_removal', effective_date: '2023-10-11' } },
        {
          ticker: 'IFN',
          action: { kind: 'rights_distribution', old_shares: 1, new_shares: 1, other_symbol: 'IFN.RTWI' },
        },
      ])
    })

    it('every one of them is filed when its company and day are asked about, paid before or behind the ex-date', async () => {
      for (const file of ACTION_FILES) {
        for (const [plural, row] of rowsOf(file)) {
          const read = readAction(plural, row)
          if (read === null || 'issue' in read) throw new Error(`not read: ${JSON.stringify(row)}`)
          const dt = sessionOfAction(calendarOf('xnys'), read.action.effective_date)
          const body = { corporate_actions: { [plural]: [row] }, next_page_token: null }
          const answer = await asking(
            [want(read.ticker, dt ?? '')],
            inOrder([{ body }]),
            termsOf('corporate_actions', NOW),
          )
          expect([...answer.rows.keys()]).toEqual([`${read.ticker} ${dt}`])
          const { start, end } = Object.fromEntries(answer.asked[0]?.searchParams ?? [])
          const { process_date } = row as { process_date: string }
          expect(process_date >= (start ?? '') && process_date <= (end ?? ''), JSON.stringify(row)).toBe(true)
        }
      }
    })

    it('bars of options become rows of their contract', async () => {
      const bars = Object.keys((bodyOf('options_bars_multi.json') as { bars: object }).bars)
      const contracts = bars.map((symbol) => {
        const { expiration, right, strike } = occParts(symbol) ?? {}
        const amount = String(strike)
        return { symbol, underlying_symbol: 'SPY', expiration_date: expiration, type: right, strike_price: amount }
      })
      const answer = await asking(
        [want('SPY', '2024-03-12')],
        inOrder([
          { body: { option_contracts: contracts, next_page_token: null } },
          { body: { option_contracts: [], next_page_token: null } },
          { body: JSON.stringify(bodyOf('options_bars_multi.json')) },
        ]),
        { ...termsOf('options_bars', NOW), timeframe: 'minute' },
      )
      const rows = answer.rows.get('SPY 2024-03-12')
      expect(rows?.length).toBe(3)
      expect(rows?.[1]).toMatchObject({ contract: 'SPY240426C00550000', strike: 550, close: 0.51, vwap: 0.496875 })
    })

    it('the calendar of 2026 agrees with ours, its half day too', async () => {
      const vendor = await scriptedVendor(() => ({ body: JSON.stringify(bodyOf('calendar_v2.json')) }))
      const found = await alpaca.sessions?.('2026-11-25', '2026-11-30', vendor.get(alpaca))
      await vendor.close()
      const xnys = calendarOf('xnys')
      expect(found).toEqual(xnys.sessions('2026-11-25', '2026-11-30').map((dt) => xnys.session(dt)))
    })

    it('every error is judged', () => {
      const errors = bodyOf('errors.json') as {
        status: number
        content_type: string
        body?: object
        body_text?: string
      }[]
      const faults = errors.map(({ status, content_type, body, body_text }) => {
        const text = body_text ?? JSON.stringify(body)
        return alpaca.classify({ status, contentType: content_type, headers: {}, body: text }).fault
      })
      expect(faults).toEqual([
        ...['malformed', 'malformed', 'malformed', 'malformed'],
        ...['not_entitled', 'too_recent', 'too_recent', 'not_entitled', 'rate_limited'],
      ])
    })
  },
)
