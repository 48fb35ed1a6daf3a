import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPage as readAlpaca } from '../../functions/_vendors/alpaca/parse.ts'
import { readPage as readFred, readYield } from '../../functions/_vendors/fred/parse.ts'
import { readListPage, readRangeRow } from '../../functions/_vendors/massive/parse.ts'
import { AggsPage, GroupedRow } from '../../functions/_vendors/massive/wire.ts'
import { readCurve } from '../../functions/_vendors/massive/yields.ts'
import { readJson } from '../../functions/_vendors/read-json.ts'
import { type HttpAnswer, VendorError } from '../../functions/_vendors/vendor.ts'

/** Shapes seen at the vendors; not part of this repository because the numbers are theirs. */
const ROOT = join(process.cwd(), '../shared/vendor-samples')

const filesOf = (vendor: string, name: RegExp, but = /^$/): string[] =>
  existsSync(join(ROOT, vendor))
    ? readdirSync(join(ROOT, vendor)).filter((file) => name.test(file) && !but.test(file))
    : []

const answerOf = (vendor: string, file: string): HttpAnswer => ({
  status: 200,
  contentType: 'application/json',
  headers: {},
  body: readFileSync(join(ROOT, vendor, file), 'utf8'),
})

/** Fails the test with the reason when the answer did not parse. */
function parsed<T>(value: T | VendorError): T {
  if (value instanceof VendorError) throw value
  return value
}

describe.skipIf(!existsSync(ROOT))(
  "vendor samples: the vendors' own samples (skipped where ../shared/vendor-samples is absent)",
  () => {
    it('every page of Alpaca bars parses, row by row', () => {
      const files = filesOf('alpaca', /^(stocks|options)_bars/, /latest/)
      expect(files.length).toBeGreaterThan(10)
      for (const file of files) {
        for (const rows of parsed(readAlpaca(answerOf('alpaca', file))).bars.values()) {
          for (const row of rows) expect(row.bar, file).not.toBeNull()
        }
      }
    })

    it("Alpaca's latest bars are another shape and are refused", () => {
      for (const file of filesOf('alpaca', /latest/))
        expect(readAlpaca(answerOf('alpaca', file))).toBeInstanceOf(VendorError)
    })

    it('every page of Massive aggregates parses, row by row', () => {
      const files = filesOf('massive', /aggs_/)
      expect(files.length).toBeGreaterThan(7)
      for (const file of files) {
        const page = parsed(readJson(answerOf('massive', file), AggsPage, 'massive'))
        for (const row of page.results ?? []) {
          expect(readRangeRow(row).bar, file).not.toBeNull()
          if (/grouped/.test(file)) expect(GroupedRow.safeParse(row).success, file).toBe(true)
        }
      }
    })

    it('every page of Massive yields parses, row by row', () => {
      const files = filesOf('massive', /^treasury_yields/)
      expect(files.length).toBeGreaterThan(0)
      for (const file of files) {
        const { rows } = parsed(readListPage(answerOf('massive', file)))
        for (const row of rows) {
          const read = readCurve(row, ['DGS1', 'DGS5', 'DGS10', 'DGS30'], '2024-06-14')
          expect(
            read.curve?.map(({ series }) => series),
            file,
          ).toEqual(['DGS1', 'DGS5', 'DGS10'])
        }
      }
    })

    it('every page of FRED observations parses, row by row', () => {
      const files = filesOf('fred', /^series_observations/, /output_type_3/)
      expect(files.length).toBeGreaterThan(1)
      for (const file of files) {
        for (const raw of parsed(readFred(answerOf('fred', file))).observations)
          expect(readYield(raw, 'DGS3MO').row, file).not.toBeNull()
      }
    })
  },
)
