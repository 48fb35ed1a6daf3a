/** Texts as SQL literals. */

/** A text literal: quotes are doubled, and that is all SQL needs. NUL is refused because DuckDB would end the text there. */
export function sqlText(value: string): string {
  if (value.includes('\0')) throw new Error(`expected text without NUL for SQL, got ${JSON.stringify(value)}`)
  return `'${value.replaceAll("'", "''")}'`
}

/** A list literal of texts: `['a', 'b']`. An empty list stays typed, so that `IN` and `unnest` keep working. */
export const sqlList = (values: readonly string[]): string =>
  values.length === 0 ? '[]::VARCHAR[]' : `[${values.map(sqlText).join(', ')}]`
