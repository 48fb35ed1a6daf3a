import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadConfig } from '../../config/load.ts'
import { type ConfigCopy, copyConfig, VENDORS } from './config-folder.ts'

let copy: ConfigCopy
beforeEach(async () => {
  copy = await copyConfig()
})
afterEach(() => copy.remove())

const of = (entries: string): Promise<unknown> =>
  copy.write('universe.yaml', `symbols:\n${entries}\n`).then(async () => (await copy.load()).universe)
const faultsOf = async (entries: string): Promise<string> => {
  await copy.write('universe.yaml', `symbols:\n${entries}\n`)
  return (await copy.faults()).join('\n')
}

test('universe: a plain list of tickers begins where the calendar does, and may hold entries with dates', async () => {
  expect(await of('  - AAPL\n  - { symbol: RDDT, from: 2024-03-21 }\n  - { symbol: MSFT }')).toEqual([
    { symbol: 'AAPL', from: '1990-01-01', to: null, undated: true },
    { symbol: 'RDDT', from: '2024-03-21', to: null },
    { symbol: 'MSFT', from: '1990-01-01', to: null, undated: true },
  ])
  expect(await of('  [AAPL, "TRUE", ON, NO]')).toMatchObject([
    { symbol: 'AAPL' },
    { symbol: 'TRUE' },
    { symbol: 'ON' },
    { symbol: 'NO' },
  ])
})

test('universe: a text file has one ticker a line', async () => {
  const universe = join(copy.folder, 'mine.txt')
  await writeFile(universe, '# mine\r\nAAPL\r\n\r\nTRUE # a ticker here\r\nBRK.B')
  const config = await loadConfig({ folder: copy.folder, universe, vendors: VENDORS })
  expect(config.universe.map(({ symbol }) => symbol)).toEqual(['AAPL', 'TRUE', 'BRK.B'])
})

test('universe: two companies may have one ticker at different times', async () => {
  const meta = '  - { symbol: META, from: 2012-05-18, was: [{ symbol: FB, to: 2022-06-08 }] }'
  const metv = '  - { symbol: METV, from: 2021-06-30, was: [{ symbol: META, to: 2022-01-28 }] }'
  expect(await of(`${meta}\n${metv}`)).toHaveLength(2)
  expect(await faultsOf(`  - { symbol: META, from: 2012-05-18 }\n${metv}`)).toMatch(
    /the ticker META belongs to two entries on 2021-06-30: META \(2012-05-18 to now\) and METV \(2021-06-30 to 2022-01-28\): correct .*\(line 3\)/,
  )
})

test('universe: the earlier of two companies may have a name of its own that it never traded under', async () => {
  const older = '  - { symbol: XYZ-OLD, from: 1998-03-02, to: 2009-06-30, was: [{ symbol: XYZ, to: 2009-06-30 }] }'
  expect(await of(`${older}\n  - { symbol: XYZ, from: 2009-07-01 }`)).toHaveLength(2)
  expect(await faultsOf(`${older}\n  - { symbol: XYZ, from: 2009-06-30 }`)).toContain(
    'the ticker XYZ belongs to two entries on 2009-06-30',
  )
})

test('universe: a company may keep its old symbol as its name, also with a ticker that has no end', async () => {
  for (const to of ['2099-12-31', '9999-12-31']) {
    const fb = `  - { symbol: FB, from: 2012-05-18, was: [{ symbol: FB, to: 2022-06-08 }, { symbol: META, to: ${to} }] }`
    expect(await of(fb)).toHaveLength(1)
    expect(await faultsOf(`${fb}\n  - { symbol: META, from: 2024-01-02 }`)).toContain(
      'belongs to two entries on 2024-01-02',
    )
  }
})

test('universe: a long claim overlaps each that lies inside it', async () => {
  const faults = await faultsOf(
    [
      '  - { symbol: AAA, from: 2000-01-03, to: 2020-01-02 }',
      '  - { symbol: BBB, from: 2001-01-02, was: [{ symbol: AAA, to: 2002-01-02 }] }',
      '  - { symbol: CCC, from: 2003-01-02, was: [{ symbol: AAA, to: 2004-01-02 }] }',
    ].join('\n'),
  )
  expect(faults).toContain('on 2001-01-02: AAA')
  expect(faults).toContain('on 2003-01-02: AAA')
})

test.each([
  ['{ symbol: A, from: 2010-01-04, to: 2009-01-02 }', 'A ends (2009-01-02) before it begins (2010-01-04)'],
  [
    '{ symbol: A, from: 2010-01-04, was: [{ symbol: B, to: 2009-01-02 }] }',
    'B ends (2009-01-02) before the company begins',
  ],
  [
    '{ symbol: A, from: 2010-01-04, was: [{ symbol: B, to: 2015-01-02 }, { symbol: C, to: 2014-01-02 }] }',
    'expected the oldest name first, each ending before the next; C ends on 2014-01-02',
  ],
  [
    '{ symbol: A, from: 2010-01-04, to: 2014-01-02, was: [{ symbol: B, to: 2015-01-02 }] }',
    'B ends on 2015-01-02, after the company (2014-01-02)',
  ],
])('universe: %s is refused', async (entry, fault) => {
  expect(await faultsOf(`  - ${entry}`)).toContain(fault)
})
