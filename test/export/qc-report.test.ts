import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import type { Lake } from '../../functions/_lake/lake.ts'
import { curatedFile } from '../../functions/_lake/paths.ts'
import { buildBundle } from '../../functions/export/bundle.ts'
import { REPORT_PATH, stageReport } from '../../functions/export/qc-report.ts'
import { minuteBars, smallLake, upTo } from '../qc-partition/small-lake.ts'
import { addBars, D1, D2, D3, datasetsOf, fill, requestOn } from './recorded-lake.ts'

let lake: Lake
beforeEach(async () => {
  lake = await smallLake()
  await fill(lake)
})
const read = async (folder: string, path: string): Promise<string> => readFile(join(folder, path), 'utf8')

test('quality report: counts cells by flag and day, and shows a held cell with the bars around it', async () => {
  const { path } = await buildBundle(lake, requestOn(lake, D2))
  const report = await read(path, REPORT_PATH)
  expect(report).toContain(`| equities_bars | NON_POSITIVE_PRICE | RED | 1 | ${D1} | ${D1} |`)
  expect(report).toContain(`| ${D1} | equities_bars | 1 | 0 |`)
  expect(report).toContain(`### NVDA ${D1}, equities_bars: RED`)
  expect(report).toMatch(new RegExp(`\\| \\*\\*${D1}\\*\\* \\| [\\d.]+ \\| [\\d.]+ \\| -1 \\|`))
  expect(await read(path, 'qc/pictures/01.svg')).toContain(`<title>equities_bars NVDA ${D1}</title>`)
})

test('quality report: knows no bar after the day of its bundle', async () => {
  const { path } = await buildBundle(lake, requestOn(lake, D1))
  expect(await read(path, REPORT_PATH)).not.toContain(D2)
  expect(await read(path, 'qc/pictures/01.svg')).toContain(`1 bars from ${D1} to ${D1}`)
})

test('quality report: draws a day of minutes as bars of ten', async () => {
  await addBars(lake, 'equities_bars_minute', D3, minuteBars('AAPL', D3, upTo(200)))
  const { path } = await buildBundle(lake, requestOn(lake, D3))
  expect(await read(path, REPORT_PATH)).toContain(`### AAPL ${D3}, equities_bars_minute: RED`)
  const pictures = await Promise.all(['01', '02'].map((name) => read(path, `qc/pictures/${name}.svg`).catch(() => '')))
  expect(pictures.join()).toContain(`<desc>20 bars from`)
})

test('quality report: has the text of a cell whose file is gone, without a picture', async () => {
  const { path } = await buildBundle(lake, requestOn(lake, D2))
  await rm(curatedFile(lake.root, 'equities_bars', 'year', '2024'))
  await rm(join(path, 'qc/pictures'), { recursive: true })
  const files = await stageReport(lake, path, datasetsOf(lake, D2), D2)
  expect(files.map((file) => file.path)).toEqual([REPORT_PATH])
  expect(await read(path, REPORT_PATH)).toContain(`### NVDA ${D1}, equities_bars: RED`)
  expect(existsSync(join(path, 'qc/pictures'))).toBe(false)
})
