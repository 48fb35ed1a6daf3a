import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CASES } from './cases/index.ts'

test('cases: the list of integrity cases has every file of its folder, by its name', () => {
  const files = readdirSync('test/integrity/cases').filter((name) => name !== 'index.ts')
  expect(
    Object.keys(CASES)
      .map((name) => `${name}.ts`)
      .sort(),
  ).toEqual(files.sort())
})

test('cases: every integrity case says its fault and what a right node may do', () => {
  for (const [name, { fault, expected }] of Object.entries(CASES)) {
    expect(fault.length, name).toBeGreaterThan(10)
    expect(expected.length, name).toBeGreaterThan(0)
  }
})
