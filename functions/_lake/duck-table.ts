/** Rows of ours as a DuckDB table, for the parameter sets that are too large for a list in the query. */
import type { Duck } from './duck.ts'
import { sqlText } from './sql-text.ts'

export type CellValue = string | number | boolean | null

const ROWS_PER_STATEMENT = 20_000
let tables = 0

/**
 * Runs `fn` with a temporary table of the rows and drops it afterwards. `columns` maps names to SQL types; rows hold the
 * values in that order; a `YYYY-MM-DD` text fits a DATE column. `fn` gets the table's real name, unique per call, and should
 * end before a second use of the same data. Non-finite numbers are refused: JSON would turn them into nulls.
 * Each column travels as one JSON array: 20,000 rows take tens of milliseconds where a VALUES list takes a second.
 */
export async function withTable<T>(
  duck: Duck,
  name: string,
  columns: Record<string, string>,
  rows: readonly (readonly CellValue[])[],
  fn: (table: string) => Promise<T>,
): Promise<T> {
  const fields = Object.entries(columns)
  const table = `${identifier(name)}_${++tables}`
  try {
    await duck.run(
      `CREATE TEMP TABLE ${table} (${fields.map(([field, type]) => `${identifier(field)} ${type}`).join(', ')})`,
    )
    for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) {
      const part = rows.slice(from, from + ROWS_PER_STATEMENT)
      const lists = fields.map(
        ([field, type], at) => `unnest(from_json(${jsonColumn(part, at, field)}, '["${type}"]'))`,
      )
      await duck.run(`INSERT INTO ${table} SELECT ${lists.join(', ')}`)
    }
    return await fn(table)
  } finally {
    await duck.run(`DROP TABLE IF EXISTS ${table}`)
  }
}

function jsonColumn(rows: readonly (readonly CellValue[])[], at: number, field: string): string {
  const values = rows.map((row) => {
    const value = row[at]
    if (value === undefined || (typeof value === 'number' && !Number.isFinite(value))) {
      throw new Error(`expected text, a finite number, a boolean or null in column ${field}, got ${value}`)
    }
    return value
  })
  return sqlText(JSON.stringify(values))
}

function identifier(name: string): string {
  if (!/^[a-z_][a-z0-9_]*$/.test(name)) throw new Error(`expected a plain SQL name, got ${JSON.stringify(name)}`)
  return name
}
