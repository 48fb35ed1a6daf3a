import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import type { Lake } from '../../functions/_lake/lake.ts'
import { judgePartition } from '../../functions/qc-partition/judge.ts'
import { QC, smallLake, specOf, type TestYields, writeYields } from '../qc-partition/small-lake.ts'

vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 })

const DATA = join(process.cwd(), '../shared/data/macro')
const SPEC = specOf('macro_treasury')
const SERIES = SPEC.groups?.UST?.series.map(({ id }) => id) ?? []
const NEW = ['YIELD_MOVE_UNDONE', 'CURVE_KINK', 'REPEATED_CURVE']

/** Days by year, each with the values that the files have. */
function realYears(): Map<string, TestYields[]> {
  const days = new Map<string, Record<string, number>>()
  for (const id of SERIES.filter((one) => existsSync(join(DATA, `${one}.csv`)))) {
    for (const line of readFileSync(join(DATA, `${id}.csv`), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)) {
      const [date = '', value = ''] = line.trim().split(',')
      if (value !== '' && value !== '.') days.set(date, { ...days.get(date), [id]: Number(value) })
    }
  }
  const years = new Map<string, TestYields[]>()
  for (const date of [...days.keys()].sort()) {
    const year = date.slice(0, 4)
    years.set(year, [...(years.get(year) ?? []), { date, values: days.get(date) ?? {} }])
  }
  return years
}

if (!existsSync(DATA)) console.warn(`skipped: real yields are not at ${DATA}`)
describe.skipIf(!existsSync(DATA))('judged real yields', () => {
  let years: Map<string, TestYields[]>
  beforeAll(() => {
    years = realYears()
  })

  async function doubted(year: string, days: TestYields[]): Promise<string[]> {
    const lake: Lake = await smallLake()
    await writeYields(lake, year, days)
    const cells = days.map(({ date }) => ({
      ...{ symbol: 'UST', dt: date, expectedRows: SERIES.length, present: true, reason: null },
      digest: 'd'.repeat(64),
    }))
    const { flagged } = await judgePartition(lake, {
      ...{ dataset: 'macro_treasury', partition: year, spec: SPEC, qc: QC, ruleset: 'test', checkedAt: 0 },
      ...{ cells, sessions: [], neighbours: [] },
    })
    return flagged.flatMap(({ dt, flags }) => flags.filter((flag) => NEW.includes(flag)).map((flag) => `${dt} ${flag}`))
  }

  test('of 2007, 2008, 2020 and 2023, the wildest years there are, none is doubted', async () => {
    for (const year of ['2007', '2008', '2020', '2023'])
      expect(await doubted(year, years.get(year) ?? []), year).toEqual([])
  })

  test('with one wrong digit a month each is doubted, and no other day', async () => {
    const days = years.get('2016') ?? []
    const wrong = days.filter((_, at) => at % 21 === 10)
    const changed = days.map((day) =>
      wrong.includes(day) ? { ...day, values: { ...day.values, DGS10: (day.values.DGS10 ?? 0) + 2 } } : day,
    )
    const found = new Set((await doubted('2016', changed)).map((text) => text.slice(0, 10)))
    expect([...found].sort()).toEqual(wrong.map(({ date }) => date))
  })
})
