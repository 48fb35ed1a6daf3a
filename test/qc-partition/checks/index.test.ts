import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ABSENCE_REASONS } from '../../../functions/_market/outcome.ts'
import { type CellFacts, type CellKind, factsOfAbsence } from '../../../functions/qc-partition/cell-facts.ts'
import type { Check } from '../../../functions/qc-partition/check.ts'
import { CHECKS } from '../../../functions/qc-partition/checks/index.ts'
import { verdictOf } from '../../../functions/qc-partition/verdict.ts'
import { QC } from '../small-lake.ts'
import { CLEAN_MINUTES, MINUTE_CASES } from './minute-cases.ts'
import { ALIKE_MINUTES, PAIR_CASES } from './pair-cases.ts'

const none = factsOfAbsence(null, 1)
const clean = {
  offGridStamps: 0,
  duplicateRows: 0,
  duplicateConflicts: 0,
  otherAdjustments: 0,
  otherSymbols: 0,
  otherVendors: 0,
  otherDates: 0,
}
const bar = { ...clean, outsideRows: 0, nonPositivePrices: 0, ohlcViolations: 0, negativeVolumes: 0, zeroVolumes: 0 }
const daily: CellFacts = { ...none, ...bar, rows: 1, around: {} }
const minute: CellFacts = {
  ...none,
  ...bar,
  rows: 390,
  regularRows: 390,
  expectedRows: 390,
  sessionMinutes: 390,
  baselineShare: 1,
  baselineDays: 20,
  longestHole: 0,
  minutes: CLEAN_MINUTES,
}
const CALM = { undone: 0.1, kink: 0.1, repeated: 0 }
const yields: CellFacts = { ...none, ...clean, rows: 11, expectedRows: 11, impossibleYields: 0, curve: CALM }
const contracts: CellFacts = { ...none, ...bar, rows: 250, expectedRows: null, impossibleTerms: 0, misdatedRows: 0 }
const events: CellFacts = {
  ...none,
  ...clean,
  rows: 2,
  expectedRows: null,
  impossibleTerms: 0,
  misdatedRows: 0,
  contradictingActions: 0,
  withdrawnActions: 0,
}
/** Minute facts of a thin name that usually trades in `share` of the minutes. */
const thin = (share: number, rows: number): CellFacts => ({
  ...minute,
  rows,
  regularRows: rows,
  baselineShare: share,
  expectedRows: Math.round(share * 390),
})
const few = (rows: number): CellFacts => ({ ...minute, rows, regularRows: rows, baselineShare: null, baselineDays: 1 })

interface Case {
  check: string
  kind: CellKind
  facts: CellFacts
  /** `AMBER FLAG`, or null when the check has nothing to say. */
  says: string | null
}
const KIND = {
  daily: 'one',
  minute: 'session_minutes',
  yields: 'series',
  contracts: 'contracts',
  events: 'events',
} as const
const base = { daily, minute, yields, contracts, events }
const on = (check: string, of: keyof typeof base, change: Partial<CellFacts>, says: string | null): Case => ({
  check,
  kind: KIND[of],
  facts: { ...base[of], ...change },
  says,
})

const near = (check: string, around: NonNullable<CellFacts['around']>, says: string | null): Case =>
  on(check, 'daily', { around }, says)

const CASES: Case[] = [
  on('missing', 'daily', { rows: 0 }, 'RED MISSING'),
  ...ABSENCE_REASONS.map((reason) =>
    on('missing', 'minute', { rows: 0, reason }, `${reason === 'GIVEN_UP' ? 'RED' : 'AMBER'} ${reason}`),
  ),

  on('completeness', 'yields', {}, null),
  on('completeness', 'yields', { rows: 10 }, 'AMBER MISSING_ROWS'),
  on('completeness', 'yields', { rows: 12 }, null),
  on('completeness', 'minute', {}, null),
  on('completeness', 'minute', { regularRows: 383 }, null),
  on('completeness', 'minute', { regularRows: 382 }, 'AMBER MISSING_ROWS'),
  on('completeness', 'minute', { regularRows: 312 }, 'AMBER MISSING_ROWS'),
  on('completeness', 'minute', { regularRows: 311 }, 'RED SHORT_SESSION'),
  on('completeness', 'minute', { rows: 900, regularRows: 0 }, 'RED SHORT_SESSION'),
  { check: 'completeness', kind: 'session_minutes', facts: thin(310 / 390, 310), says: null },
  { check: 'completeness', kind: 'session_minutes', facts: thin(310 / 390, 240), says: 'RED SHORT_SESSION' },
  { check: 'completeness', kind: 'session_minutes', facts: thin(20 / 390, 20), says: null },
  { check: 'completeness', kind: 'session_minutes', facts: thin(20 / 390, 12), says: 'AMBER MISSING_ROWS' },
  { check: 'completeness', kind: 'session_minutes', facts: thin(20 / 390, 3), says: 'RED SHORT_SESSION' },
  { check: 'completeness', kind: 'session_minutes', facts: few(383), says: null },
  { check: 'completeness', kind: 'session_minutes', facts: few(1), says: 'AMBER NO_BASELINE' },

  on('continuity', 'minute', { longestHole: 10 }, null),
  on('continuity', 'minute', { longestHole: 11 }, 'AMBER MINUTE_HOLE'),
  on('continuity', 'minute', { longestHole: 100, regularRows: 270, baselineShare: 0.94 }, null),
  // Every day of the symbol ends at noon: its baseline is that of the mornings.
  on('continuity', 'minute', { longestHole: 240, regularRows: 150, baselineShare: 150 / 390 }, 'AMBER MINUTE_HOLE'),
  on('continuity', 'minute', { longestHole: 100, regularRows: 290, baselineShare: null }, 'AMBER MINUTE_HOLE'),
  on('continuity', 'minute', { longestHole: 100, regularRows: 200, baselineShare: null }, null),
  on('continuity', 'minute', { longestHole: 390, regularRows: 0, baselineShare: null }, null),

  // The daily bar has as much more volume as the second has minutes.
  on(
    'second-rows',
    'minute',
    {
      minutes: { ...CLEAN_MINUTES, dailyVolume: 0.6 },
      second: { ...ALIKE_MINUTES, rows: -0.5, rowsUsual: -0.5, secondMinutes: CLEAN_MINUTES },
    },
    'RED VENDORS_ROWS_DIFFER',
  ),
  ...PAIR_CASES.map(([check, kind, second, says]) => on(check, kind, { second }, says)),

  on('schema', 'daily', {}, null),
  on('schema', 'daily', { nulls: { close: 0 } }, null),
  on('schema', 'daily', { nulls: { close: 1 } }, 'RED SCHEMA'),
  on('schema', 'daily', { offGridStamps: 1 }, 'RED SCHEMA'),
  on('schema', 'minute', { wrongColumns: 1 }, 'RED SCHEMA'),
  on('schema', 'minute', { mixedSources: 1 }, 'RED SCHEMA'),
  on('schema', 'yields', {}, null),
  on('schema', 'yields', { nulls: { DGS10: 1 } }, 'RED SCHEMA'),

  on('session-bounds', 'daily', {}, null),
  on('session-bounds', 'daily', { outsideRows: 1 }, 'RED OUTSIDE_SESSION'),
  on('session-bounds', 'minute', { outsideRows: 2 }, 'RED OUTSIDE_SESSION'),
  on('ohlc-order', 'daily', {}, null),
  on('ohlc-order', 'minute', { ohlcViolations: 1 }, 'RED OHLC_ORDER'),
  on('non-positive-price', 'daily', {}, null),
  on('non-positive-price', 'minute', { nonPositivePrices: 1 }, 'RED NON_POSITIVE_PRICE'),
  on('negative-volume', 'daily', {}, null),
  on('negative-volume', 'daily', { negativeVolumes: 1 }, 'RED NEGATIVE_VOLUME'),
  on('zero-volume', 'daily', {}, null),
  on('zero-volume', 'minute', { zeroVolumes: 3 }, 'AMBER ZERO_VOLUME'),
  on('yield-range', 'yields', {}, null),
  on('yield-range', 'yields', { impossibleYields: 1 }, 'RED IMPOSSIBLE_YIELD'),
  on('yield-move-undone', 'yields', {}, null),
  on('yield-move-undone', 'yields', { curve: { ...CALM, undone: 0.56 } }, null),
  on('yield-move-undone', 'yields', { curve: { ...CALM, undone: 1.2 } }, 'AMBER YIELD_MOVE_UNDONE'),
  on('curve-kink', 'yields', {}, null),
  on('curve-kink', 'yields', { curve: { ...CALM, kink: 0.74 } }, null),
  on('curve-kink', 'yields', { curve: { ...CALM, kink: 1.6 } }, 'AMBER CURVE_KINK'),
  on('repeated-curve', 'yields', {}, null),
  on('repeated-curve', 'yields', { curve: { ...CALM, repeated: 7 } }, null),
  on('repeated-curve', 'yields', { curve: { ...CALM, repeated: 11 } }, 'AMBER REPEATED_CURVE'),
  on('terms', 'contracts', {}, null),
  on('terms', 'contracts', { impossibleTerms: 1 }, 'RED IMPOSSIBLE_TERMS'),
  on('terms', 'events', { misdatedRows: 1 }, 'RED MISDATED'),
  on('contradicting-actions', 'events', {}, null),
  on('contradicting-actions', 'events', { contradictingActions: 2 }, 'AMBER CONTRADICTING_ACTIONS'),
  on('withdrawn-action', 'events', {}, null),
  on('withdrawn-action', 'events', { withdrawnActions: 1 }, 'AMBER ACTION_WITHDRAWN'),
  on('withdrawn-action', 'events', { rows: 0, withdrawnActions: 1 }, 'AMBER ACTION_WITHDRAWN'),
  on('ohlc-order', 'contracts', { ohlcViolations: 1 }, 'RED OHLC_ORDER'),
  on('schema', 'events', { nulls: { effective_date: 1 } }, 'RED SCHEMA'),
  on('duplicate-rows', 'daily', {}, null),
  on('duplicate-rows', 'yields', { duplicateRows: 1 }, 'AMBER DUPLICATE_ROWS'),
  on('duplicate-conflict', 'minute', {}, null),
  on('duplicate-conflict', 'minute', { duplicateConflicts: 1 }, 'RED DUPLICATE_CONFLICT'),
  on('adjustment-mismatch', 'daily', {}, null),
  on('adjustment-mismatch', 'daily', { otherAdjustments: 1 }, 'RED ADJUSTMENT_MISMATCH'),
  on('symbol-mismatch', 'daily', {}, null),
  on('symbol-mismatch', 'daily', { otherSymbols: 1 }, 'RED SYMBOL_MISMATCH'),
  on('vendor-mismatch', 'daily', {}, null),
  on('vendor-mismatch', 'daily', { otherVendors: 1 }, 'RED VENDOR_MISMATCH'),
  on('damaged', 'daily', {}, null),
  on('damaged', 'daily', { isDamaged: true }, 'RED DAMAGED'),
  on('dates-shifted', 'daily', {}, null),
  on('dates-shifted', 'daily', { isDateDoubtful: true }, 'AMBER DATES_SHIFTED'),
  on('held-by-person', 'daily', { decision: 'release' }, null),
  on('held-by-person', 'daily', { decision: 'hold' }, 'RED HELD_BY_PERSON'),
  on('outdated-release', 'daily', { decision: 'release' }, null),
  on('outdated-release', 'daily', { decision: 'outdated' }, 'AMBER RELEASE_OUTDATED'),
  on('date-mismatch', 'daily', {}, null),
  on('date-mismatch', 'daily', { otherDates: 1 }, 'RED DATE_MISMATCH'),
  near('move-undone', {}, null),
  near('move-undone', { undone: 0.05, undoneGaps: 6 }, 'AMBER MOVE_UNDONE'),
  near('move-undone', { undone: 0.05, undoneGaps: 2, undoneBothGaps: 3.5 }, 'AMBER MOVE_UNDONE'),
  near('move-undone', { undone: 0.05, undoneGaps: 3, undoneBothGaps: 3 }, null),
  near('move-undone', { undone: 0.025, undoneGaps: 9 }, null),
  near('move-undone', { undone: 0.05, undoneGaps: 6, undoneRest: 0.5 }, null),
  near('move-undone', { undone: 0.05, undoneGaps: 6, together: 0.5 }, null),
  near('move-undone', { undone: 0.3, undoneGaps: 6, together: 0.5 }, 'AMBER MOVE_UNDONE'),
  near('bad-print', {}, null),
  near('bad-print', { wick: 0.1, spike: 0.09, spikeScales: 5 }, 'AMBER BAD_PRINT'),
  near('bad-print', { wick: 0.1, spike: 0.09, spikeScales: 3 }, null),
  near('bad-print', { wick: 0.07, spike: 0.07, spikeScales: 9 }, null),
  near('bad-print', { wick: 0.6, spike: 0.58, spikeScales: 12 }, 'RED BAD_PRINT'),
  near('bad-print', { wick: 0.6, spike: 0.58, spikeScales: 6 }, 'AMBER BAD_PRINT'),
  near('bad-print', { openUndone: 0.08, openUndoneScales: 8 }, 'AMBER BAD_PRINT'),
  near('bad-print', { openUndone: 0.08, openUndoneScales: 8, openRest: 0.9 }, null),
  near('other-scale', {}, null),
  near('other-scale', { shift: 4.6 }, 'RED OTHER_SCALE'),
  near('other-scale', { otherUnit: 1 }, 'RED OTHER_SCALE'),
  near('other-scale', { shift: 4.6, shiftRest: 4.6 }, null),
  near('other-scale', { shift: 0.6, shiftFromSplit: 0.06 }, null),
  near('other-scale', { shift: 0.69, shiftFromSplit: 0.01 }, 'RED OTHER_SCALE'),
  near('other-scale', { shift: 0.6, shiftFromSplit: 0.09 }, null),
  near('mixed-adjustment', {}, null),
  near('mixed-adjustment', { adjusted: 1 }, 'RED MIXED_ADJUSTMENT'),
  near('mixed-adjustment', { adjustedBefore: 1 }, 'RED MIXED_ADJUSTMENT'),
  near('untold-split', {}, null),
  near('untold-split', { step: 0.69, stepGaps: 20 }, 'AMBER UNTOLD_SPLIT'),
  near('untold-split', { step: 0.69, stepGaps: 20, stepFromRatio: 0.05 }, null),
  near('untold-split', { step: 0.4, stepGaps: 20 }, 'AMBER UNTOLD_SPLIT'),
  near('untold-split', { step: 0.4, stepGaps: 7 }, null),
  near('untold-split', { step: 0.4, stepGaps: 20, stepVolume: 2.5 }, null),
  near('action-without-step', {}, null),
  near('action-without-step', { missingStep: 0.69 }, 'AMBER ACTION_WITHOUT_STEP'),
  near('long-silence', { silence: 8 }, null),
  near('long-silence', { silence: 40 }, 'AMBER LONG_SILENCE'),
  near('repeated-day', {}, null),
  near('repeated-day', { repeated: 1 }, 'AMBER REPEATED_DAY'),
  near('repeated-day', { stalePrices: 1 }, 'AMBER STALE_PRICES'),
  near('partial-volume', { volumeDrop: 3, volumeBelowLow: 0.5 }, null),
  near('partial-volume', { volumeDrop: 3, volumeBelowLow: 2 }, 'AMBER PARTIAL_VOLUME'),
  ...MINUTE_CASES.map(([check, change, says]) =>
    on(check, 'minute', { minutes: { ...CLEAN_MINUTES, ...change } }, says),
  ),
]

const named = (id: string): Check => {
  const check = CHECKS.find((each) => each.id === id)
  if (!check) throw new Error(`no check ${id}`)
  return check
}

test('checks: that nothing happened is GREEN for events when the source says so, and for nothing else', () => {
  const absent = { ...none, expectedRows: null }
  const says = (kind: CellKind, reason: CellFacts['reason']) =>
    verdictOf(kind, { ...absent, reason, withdrawnActions: kind === 'events' ? 0 : null }, QC, CHECKS).status
  expect(says('events', 'SOURCE_SAYS_NONE')).toBe('GREEN')
  expect(says('events', 'VENDOR_OUTAGE')).toBe('AMBER')
  expect(says('events', null)).toBe('RED')
  expect(says('contracts', 'SOURCE_SAYS_NONE')).toBe('AMBER')
})

test('checks: a release lets RED rows travel as AMBER, but not rows that the disk changed, and refuses no version', () => {
  const wrong = { ...daily, ohlcViolations: 1 }
  const verdict = (facts: CellFacts) => verdictOf('one', facts, QC, CHECKS)
  expect(verdict(wrong)).toMatchObject({ status: 'RED', refuses: true })
  expect(verdict({ ...wrong, decision: 'release' })).toMatchObject({
    status: 'AMBER',
    flags: ['OHLC_ORDER', 'RELEASED_BY_PERSON'],
    refuses: false,
  })
  expect(verdict({ ...wrong, decision: 'release', isDamaged: true })).toMatchObject({ status: 'RED', refuses: true })
  expect(verdict({ ...wrong, decision: 'outdated' })).toMatchObject({
    status: 'RED',
    flags: ['OHLC_ORDER', 'RELEASE_OUTDATED'],
  })
  expect(verdict({ ...daily, decision: 'hold' })).toMatchObject({ status: 'RED', refuses: false })
  expect(verdict({ ...wrong, decision: 'hold' })).toMatchObject({ status: 'RED', refuses: true })
  expect(verdict({ ...daily, decision: 'release' })).toMatchObject({ status: 'GREEN', flags: [] })
})

test('checks: a second version that agrees lets doubts go, but neither damaged rows nor what a person holds', () => {
  const doubted = { ...daily, around: { wick: 0.8, spike: 0.8, spikeScales: 20 }, second: PAIR_CASES[0]![2] }
  const of = (change: Partial<CellFacts>) => verdictOf('one', { ...doubted, ...change }, QC, CHECKS)
  expect(of({})).toMatchObject({
    status: 'AMBER',
    flags: ['BAD_PRINT', 'CONFIRMED_BY_SECOND'],
    refuses: false,
    second: { action: 'released' },
  })
  expect(of({ second: null })).toMatchObject({ status: 'RED', refuses: true, asksSecond: true, second: null })
  expect(of({ isDamaged: true })).toMatchObject({ status: 'RED', refuses: true })
  expect(of({ decision: 'hold' })).toMatchObject({ status: 'RED' })
  expect(of({ ohlcViolations: 1 })).toMatchObject({ status: 'RED', refuses: true })
})

describe('checks: each check', () => {
  test.each(CASES.map((each) => [each.check, each.says ?? 'nothing', each] as const))(
    '%s says %s',
    (_id, _says, each) => {
      const check = named(each.check)
      expect(check.kinds).toContain(each.kind)
      expect(check.judges === 'any' || check.judges === (each.facts.rows > 0 ? 'present' : 'absent')).toBe(true)
      const finding = check.judge(each.facts, QC)
      expect(finding && `${finding.severity} ${finding.flag}`).toBe(each.says)
    },
  )

  test('has a case that passes (but `missing`, which never does), one that fails, and never says more than its severity', () => {
    for (const check of CHECKS) {
      const said = CASES.filter((each) => each.check === check.id).map((each) => each.says)
      expect(
        said.some((each) => each !== null),
        check.id,
      ).toBe(true)
      expect(said.includes(null), check.id).toBe(check.id !== 'missing')
      expect(
        said.some((each) => each?.startsWith('RED')),
        check.id,
      ).toBe(check.severity === 'RED')
    }
  })

  test('is in the list under the name of its file', () => {
    const files = readdirSync('functions/qc-partition/checks').filter((name) => name !== 'index.ts')
    expect(CHECKS.map((check) => `${check.id}.ts`).sort()).toEqual(files.sort())
  })
})

describe('checks: a verdict', () => {
  test.each([
    ['one', daily],
    ['session_minutes', minute],
    ['series', yields],
  ] as const)('of clean facts of kind %s is green', (kind, facts) => {
    expect(verdictOf(kind, facts, QC, CHECKS)).toEqual({
      status: 'GREEN',
      flags: [],
      numbers: {},
      refuses: false,
      asksSecond: false,
      second: null,
    })
  })

  test('is the worst finding, with all flags sorted and all numbers', () => {
    const facts = { ...daily, zeroVolumes: 1, ohlcViolations: 2 }
    expect(verdictOf('one', facts, QC, CHECKS)).toEqual({
      status: 'RED',
      flags: ['OHLC_ORDER', 'ZERO_VOLUME'],
      numbers: { ohlc_violations: 2, zero_volumes: 1 },
      refuses: true,
      asksSecond: false,
      second: null,
    })
  })

  test('is amber with the name of a check that throws', () => {
    const broken: Check = {
      ...named('schema'),
      id: 'broken',
      judge: () => {
        throw new Error('no')
      },
    }
    const verdict = verdictOf('one', daily, QC, [...CHECKS, broken])
    expect(verdict).toEqual({
      status: 'AMBER',
      flags: ['ERRORED:broken'],
      numbers: {},
      refuses: false,
      asksSecond: false,
      second: null,
    })
  })

  test('is never green without checks', () => {
    expect(verdictOf('one', daily, QC, []).status).toBe('AMBER')
    expect(verdictOf('one', { ...daily, rows: 0 }, QC, []).status).toBe('AMBER')
  })

  test('is never green when any number it rests on was not measured', () => {
    const kinds = [
      ['one', daily],
      ['session_minutes', minute],
      ['series', yields],
    ] as const
    // These may be null: a reason, and a baseline that is not known yet.
    const optional = new Set<string>(['reason', 'baselineShare', 'baselineDays', 'expectedRows', 'sessionMinutes'])
    for (const [kind, facts] of kinds) {
      for (const [name, value] of Object.entries(facts)) {
        if (typeof value !== 'number' || optional.has(name) || name === 'rows') continue
        const verdict = verdictOf(kind, { ...facts, [name]: null } as CellFacts, QC, CHECKS)
        expect([kind, name, verdict.status]).toEqual([
          kind,
          name,
          name === 'wrongColumns' || name === 'mixedSources' ? 'GREEN' : 'AMBER',
        ])
      }
    }
  })

  test('never gets better when a minute cell loses rows', () => {
    const rank = { GREEN: 0, AMBER: 1, RED: 2 }
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 1, noNaN: true }), fc.nat(390), fc.nat(390), (share, a, b) => {
        const of = (rows: number) =>
          rank[verdictOf('session_minutes', thin(share, Math.max(1, rows)), QC, CHECKS).status]
        expect(of(Math.min(a, b))).toBeGreaterThanOrEqual(of(Math.max(a, b)))
      }),
    )
  })
})
