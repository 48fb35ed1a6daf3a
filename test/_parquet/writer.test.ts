import fc from 'fast-check'
import { expect, test } from 'vitest'
import { libraryBytes } from '../../functions/_parquet/library-writer.ts'
import type { ColumnType } from '../../functions/_parquet/plain-encoder.ts'
import {
  type ColumnChunk,
  fileSchema,
  type ParquetColumn,
  parquetBytes,
  type RowGroup,
} from '../../functions/_parquet/writer.ts'

/** Values of each type as our rows hold them: many equal ones in a row, edges, and now and then what statistics cannot state. */
const VALUES: Record<ColumnType, fc.Arbitrary<string | number>> = {
  UTF8: fc.oneof(
    fc.constantFrom('', 'alpaca', 'sip', 'é', '日本', '\ud7ff', '\uffee', '🚀', 'x'.repeat(700)),
    fc.string({ unit: 'binary', maxLength: 40 }),
  ),
  DOUBLE: fc.oneof(
    fc.constantFrom(0, -0, 1, 0.1 + 0.2, 5e-324, Number.MAX_VALUE, -Number.MAX_VALUE),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  ),
  INT64: fc.oneof(fc.constantFrom(0, -1, 1, 2 ** 53 - 1, -(2 ** 53) + 1, 2 ** 32, -(2 ** 32)), fc.maxSafeInteger()),
  DATE: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 0, max: 40_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: -40_000, max: 40_000 }) },
  ),
  TIMESTAMP_MICROS: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 0, max: 4e12 }).map((ms) => ms * 1000) },
    { weight: 1, arbitrary: fc.constantFrom(-1, -8.64e18, 8.64e18, -1_000, 253_402_300_799_999_000) },
  ),
}
const TYPES = Object.keys(VALUES) as ColumnType[]

const columns = fc.uniqueArray(
  fc.record({
    name: fc.stringMatching(/^[a-z][a-z_0-9]{0,8}$/),
    type: fc.constantFrom(...TYPES),
    optional: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6, selector: ({ name }) => name },
)

/** Runs of values and of rows without one, of the lengths at which levels change their form. */
const runs = (type: ColumnType) =>
  fc.array(
    fc.record({ value: fc.option(VALUES[type], { freq: 3 }), times: fc.constantFrom(1, 1, 1, 2, 3, 7, 8, 9, 16, 130) }),
    { maxLength: 24 },
  )

const chunkOf = (column: ParquetColumn, rows: number): fc.Arbitrary<ColumnChunk> =>
  fc.tuple(runs(column.type), VALUES[column.type]).map(([some, fallback]) => {
    const all: (string | number | null)[] = some.flatMap(({ value, times }) =>
      Array.from({ length: times }, () => value),
    )
    const cells = Array.from({ length: rows }, (_, at) =>
      at < all.length ? (all[at] as string | number | null) : fallback,
    )
    if (!column.optional) return { values: cells.map((cell) => cell ?? fallback), present: null }
    return { values: cells.filter((cell) => cell !== null), present: cells.map((cell) => (cell === null ? 0 : 1)) }
  })

const file = columns.chain((list) =>
  fc
    .array(fc.constantFrom(1, 2, 3, 8, 9, 17, 64, 200), { maxLength: 3 })
    .chain((sizes) =>
      fc.tuple(
        ...sizes.map((rows) =>
          fc.tuple(...list.map((column) => chunkOf(column, rows))).map((chunks): RowGroup => ({ rows, chunks })),
        ),
      ),
    )
    .map((groups) => ({ list, groups })),
)

test('writer: whatever the columns hold, the bytes are those that parquetjs-lite would have written', async () => {
  await fc.assert(
    fc.asyncProperty(file, async ({ list, groups }) => {
      const theirs = await libraryBytes(list, groups)
      const ours = await parquetBytes(fileSchema(list), groups)
      expect(ours.equals(theirs)).toBe(true)
    }),
    { numRuns: 300, seed: 5 },
  )
})

test('writer: files made side by side do not mix', async () => {
  const list: ParquetColumn[] = [{ name: 'x', type: 'DOUBLE', optional: false }]
  const schema = fileSchema(list)
  const groupsOf = (seed: number): RowGroup[] =>
    [3_000, 20_000].map((rows) => ({
      rows,
      chunks: [{ values: Array.from({ length: rows }, (_, at) => seed / (at + 1)), present: null }],
    }))
  const all = await Promise.all([1, 2, 3, 4, 5, 6].map((seed) => parquetBytes(schema, groupsOf(seed))))
  for (const [at, bytes] of all.entries()) expect(bytes.equals(await libraryBytes(list, groupsOf(at + 1)))).toBe(true)
})

test('writer: a column without values is named', async () => {
  const list: ParquetColumn[] = [{ name: 'close', type: 'DOUBLE', optional: false }]
  await expect(parquetBytes(fileSchema(list), [{ rows: 1, chunks: [] }])).rejects.toThrow(/column close/)
})
