import { expect, test } from 'vitest'
import { count, counted, duration, percent, size } from '../../functions/_page/figures.ts'

test('figures: counts have groups of three, and nouns their number', () => {
  expect([count(0), count(1_234_567), counted(1, 'cell'), counted(2_000, 'cell')]).toEqual([
    '0',
    '1,234,567',
    '1 cell',
    '2,000 cells',
  ])
})

test('figures: sizes have two digits', () => {
  expect([0, 999, 1_000, 999_600, 2_480_000, 271e9, 5e15].map(size)).toEqual([
    '0 B',
    '999 B',
    '1 kB',
    '1 MB',
    '2.5 MB',
    '271 GB',
    '5000 TB',
  ])
})

test('figures: a share is never rounded to all or nothing', () => {
  expect([0, 0.0001, 0.5, 0.9761, 0.99999, 1].map(percent)).toEqual([
    '0 %',
    '< 0.1 %',
    '50 %',
    '97.6 %',
    '> 99.9 %',
    '100 %',
  ])
})

test('figures: durations', () => {
  expect([-5, 30_000, 45 * 60_000, 200 * 60_000, 26 * 3_600_000, 72 * 3_600_000].map(duration)).toEqual([
    '0 min',
    '1 min',
    '45 min',
    '3 h 20 min',
    '26 h',
    '3 days',
  ])
})
