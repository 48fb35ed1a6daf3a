import { expect, test } from 'vitest'
import { standingOf } from '../../functions/why/standing.ts'

type Known = Parameters<typeof standingOf>[0]
const NOTHING = { present: false, short: false, absent: false, held: false }
const known = (more: object): Known =>
  ({
    coverage: NOTHING,
    qc: { status: null },
    absence: null,
    expected: { isExpected: true },
    partition: { stage: 'judged' },
    task: null,
    ...more,
  }) as unknown as Known
const sentence = (more: object): string => standingOf(known(more)).sentence
const present = { ...NOTHING, present: true }

test('standing: a judged cell is good, remarkable or refused, and says its status', () => {
  const judged = (status: string) => standingOf(known({ coverage: present, qc: { status } }))
  expect(judged('GREEN')).toEqual({ level: 'good', sentence: 'Good (GREEN).' })
  expect(judged('AMBER')).toEqual({ level: 'warn', sentence: 'There, with a remark by QC (AMBER).' })
  expect(judged('RED').level).toBe('bad')
  expect(sentence({ coverage: { ...present, held: true }, qc: { status: 'RED' } })).toMatch(/^Held by QC/)
})

test('standing: a judgement from before the newest change counts for nothing', () => {
  for (const stage of ['touched', 'unchecked', 'unknown'])
    expect(sentence({ coverage: present, qc: { status: 'GREEN' }, partition: { stage } })).toBe(
      'There, and not judged yet.',
    )
})

test('standing: what is not there is explained, given up, waiting or missing', () => {
  expect(sentence({ coverage: { ...NOTHING, absent: true }, absence: { source: 'evidence' } })).toBe(
    'Absent, and explained.',
  )
  expect(sentence({ absence: { source: 'rule' } })).toBe('Absent, and explained.')
  expect(sentence({ absence: { source: 'evidence' } })).toBe('Missing for now.')
  expect(sentence({ task: { state: 'stalled' } })).toBe('Missing, and given up.')
  expect(sentence({})).toBe('Missing.')
  expect(sentence({ expected: { isExpected: false } })).toBe('Not expected.')
})
