import { describe, expect, test } from 'vitest'
import type { Listing } from '../../config/schema.ts'
import type { ReferenceRow } from '../../db/symbol-references/list-references.ts'
import { type DeliveredDays, type Life, lifeOf } from '../../functions/_references/life.ts'
import { NOW } from '../db/temp-db.ts'
import { delisted, delistedOnce, listed, referenceRow } from './rows.ts'

const START = '1990-01-02'
const undated: Listing = { symbol: 'ABC', from: START, to: null, undated: true }
const dated: Listing = { symbol: 'ABC', from: '2010-01-04', to: null }
const row = (vendor: string, more: Partial<ReferenceRow>): ReferenceRow => referenceRow(vendor, 'ABC', more)
const life = (entry: Listing, rows: ReferenceRow[], delivered?: DeliveredDays): Life =>
  lifeOf(entry, rows, delivered, START)
const since = (vendor: string, listedFrom: string): ReferenceRow => row(vendor, { listedFrom, detailsAskedAt: NOW })

describe('life: the first day', () => {
  test('of a plain ticker is what one vendor states, with its source', () => {
    expect(life(undated, [since('massive', '2005-03-01')])).toMatchObject({
      from: { dt: '2005-03-01', stated: { by: 'vendors', vendors: [{ vendor: 'massive', askedAt: NOW }] } },
      contradictions: [],
    })
  })

  test('of a plain ticker without a statement is the start of the calendar, and never lies before it', () => {
    expect(life(undated, []).from).toEqual({ dt: START, stated: { by: 'calendar' } })
    expect(life(undated, [row('massive', listed)]).from).toEqual({ dt: START, stated: { by: 'calendar' } })
    expect(life(undated, [since('massive', '1980-12-12')]).from.dt).toBe(START)
  })

  test('is the earliest where vendors contradict each other, and that is told', () => {
    const found = life(undated, [since('massive', '2005-03-01'), since('other', '2001-06-01')])
    expect(found.from).toMatchObject({ dt: '2001-06-01', stated: { vendors: [{ vendor: 'other' }] } })
    expect(found.contradictions).toEqual([
      'vendors state different first days of ABC (other 2001-06-01, massive 2005-03-01): the earliest is taken',
    ])
    expect(life(undated, [since('massive', '2005-03-01'), since('other', '2005-03-04')]).contradictions).toEqual([])
  })

  test('is not applied where data before it was delivered', () => {
    const found = life(undated, [since('massive', '2005-03-01')], { first: '2004-11-01', last: '2024-07-05' })
    expect(found.from).toEqual({ dt: START, stated: { by: 'calendar' } })
    expect(found.contradictions).toEqual([
      'the first day of ABC is not applied (massive 2005-03-01): data of 2004-11-01 was delivered',
    ])
  })

  test('that the universe states stands, and another one of vendors is told', () => {
    expect(life(dated, [since('massive', '2010-01-05')])).toMatchObject({
      from: { dt: dated.from },
      contradictions: [],
    })
    const found = life(dated, [since('massive', '2012-01-05')])
    expect(found.from).toEqual({ dt: dated.from, stated: { by: 'universe' } })
    expect(found.contradictions).toHaveLength(1)
  })
})

describe('life: the last day', () => {
  test('of a plain ticker is the delisting that two evenings state', () => {
    const found = life(undated, [row('massive', delisted('2023-10-13')), row('alpaca', { isListed: false })])
    expect(found.to).toEqual({
      dt: '2023-10-13',
      stated: { by: 'vendors', vendors: [{ vendor: 'massive', askedAt: NOW }] },
    })
    expect(found).toMatchObject({ contradictions: [], suggestions: [] })
  })

  test('is open where no vendor states a delisting: that every list lacks the symbol proves nothing', () => {
    const found = life(undated, [row('massive', { isListed: false }), row('alpaca', { isListed: false })])
    expect(found).toMatchObject({ to: { dt: null, stated: { by: 'universe' } }, contradictions: [], suggestions: [] })
  })

  test('is not applied when stated once, unless deliveries end with it or a second vendor states it', () => {
    const once = row('massive', delistedOnce('2023-10-13'))
    expect(life(undated, [once])).toMatchObject({ to: { dt: null }, suggestions: [expect.stringContaining('once')] })
    expect(life(undated, [once], { first: '2020-01-02', last: '2023-06-01' }).to.dt).toBe(null)
    expect(life(undated, [once], { first: '2020-01-02', last: '2023-10-12' }).to.dt).toBe('2023-10-13')
    expect(life(undated, [once, row('other', delistedOnce('2023-10-16'))])).toMatchObject({
      to: { dt: '2023-10-16', stated: { vendors: [{ vendor: 'other' }] } },
      contradictions: [],
    })
  })

  test.each<[string, ReferenceRow[], DeliveredDays | undefined]>([
    ['another vendor lists the symbol', [row('massive', delisted('2003-01-02')), row('alpaca', listed)], undefined],
    ['later data was delivered', [row('massive', delisted('2003-01-02'))], { first: '2016-01-04', last: '2024-07-05' }],
  ])(
    'is open where %s: the delisting may be that of an earlier company, and that is told',
    (_what, rows, delivered) => {
      const found = life(undated, rows, delivered)
      expect(found.to).toEqual({ dt: null, stated: { by: 'universe' } })
      expect(found.contradictions).toEqual([expect.stringContaining('it is taken to live')])
    },
  )

  test('is open where the vendor that stated a delisting lists the symbol again', () => {
    expect(life(undated, [row('massive', { ...delisted('2003-01-02'), ...listed })])).toMatchObject({
      to: { dt: null },
      contradictions: [],
    })
  })

  test('is the latest where vendors contradict each other', () => {
    const found = life(undated, [row('massive', delisted('2023-10-13')), row('other', delisted('2023-12-01'))])
    expect(found.to.dt).toBe('2023-12-01')
    expect(found.contradictions).toHaveLength(1)
  })

  test('of a symbol with a stated first day is only suggested', () => {
    const found = life(dated, [row('massive', delisted('2023-10-13'))])
    expect(found.to).toEqual({ dt: null, stated: { by: 'universe' } })
    expect(found.suggestions).toEqual([expect.stringContaining('`to: 2023-10-13`')])
  })

  test('that the universe states stands', () => {
    const entry = { ...dated, to: '2023-10-12' }
    expect(life(entry, [row('massive', delisted('2023-10-13'))])).toMatchObject({
      to: { dt: entry.to },
      contradictions: [],
    })
    expect(life(entry, [row('massive', delisted('2022-10-13'))]).contradictions).toHaveLength(1)
  })

  test('before the first day leaves the life as it was stated', () => {
    const found = life(undated, [row('massive', { ...delisted('2003-01-02'), listedFrom: '2012-05-18' })])
    expect(found).toMatchObject({ from: { dt: START, stated: { by: 'calendar' } }, to: { dt: null } })
    expect(found.contradictions).toEqual([expect.stringContaining('neither is applied')])
  })
})
