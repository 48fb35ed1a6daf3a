import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { TABLE_COLUMNS } from '../../functions/_market/column-meanings.ts'
import { buildBundle } from '../../functions/export/bundle.ts'
import { smallLake } from '../qc-partition/small-lake.ts'
import { D2, fill, requestOn } from './recorded-lake.ts'

/** The section "Columns" of docs/training-data.md. */
function documented(): string {
  const tables = Object.entries(TABLE_COLUMNS).map(([table, columns]) => {
    const rows = Object.entries(columns).map(
      ([name, { about, unit = '', nullable }]) => `| \`${name}\` | ${about} | ${unit} | ${nullable ? 'yes' : ''} |\n`,
    )
    return `\n### ${table}\n\n| Column | Meaning | Unit | May be empty |\n|---|---|---|---|\n${rows.join('')}`
  })
  return `## Columns\n${tables.join('')}`
}

describe('schema: the columns of a bundle', () => {
  test('stand in schema.json with type, unit and meaning, every one of them', async () => {
    const lake = await smallLake()
    await fill(lake)
    const { path } = await buildBundle(lake, requestOn(lake, D2))
    const { version, tables } = JSON.parse(await readFile(join(path, 'schema.json'), 'utf8'))
    expect(version).toBe(2)
    expect(Object.keys(tables)).toEqual([
      'equities_bars',
      'equities_bars_minute',
      'macro_treasury',
      'ledger',
      'calendar',
      'instruments',
      'universe',
      'availability',
      'condition',
    ])
    expect(tables.equities_bars.files).toBe('curated/equities_bars/*/data.parquet')
    expect(tables.ledger.files).toBe('qc/partition_status.parquet')
    const columns = tables.equities_bars.columns as { name: string }[]
    expect(columns.find(({ name }) => name === 'close')).toEqual({
      name: 'close',
      type: 'DOUBLE',
      nullable: false,
      about: 'last price',
      unit: 'dollars, as traded',
    })
    expect(columns.find(({ name }) => name === 'ts')).toMatchObject({ type: 'TIMESTAMP WITH TIME ZONE' })
    for (const table of Object.values<{ columns: { about: string | null }[] }>(tables)) {
      expect(table.columns.filter(({ about }) => about === null)).toEqual([])
    }
  })

  test('stand in docs/training-data.md as the code says', () => {
    expect(readFileSync('docs/training-data.md', 'utf8')).toContain(documented())
  })
})
