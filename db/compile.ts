/** Turns a statement into its text and its arguments. */
import type { InStatement, InValue } from '@libsql/client'
import { SQL, StringChunk } from 'drizzle-orm'
import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core'

/** A statement built with Drizzle's builder, or with its `sql` template. */
export type Statement = SQL | { toSQL(): { sql: string; params: unknown[] } }

const dialect = new SQLiteAsyncDialect()

export function compile(statement: Statement): InStatement {
  if ('toSQL' in statement) {
    const built = statement.toSQL()
    return { sql: built.sql, args: built.params as InValue[] }
  }
  const texts: string[] = []
  const args: InValue[] = []
  if (flatten(statement, texts, args)) return { sql: texts.join(''), args }
  const { sql, params } = dialect.sqlToQuery(statement)
  return { sql, args: params as InValue[] }
}

/**
 * What templates are made of as a rule: text, values, and other templates. Drizzle would ask of each piece whether it is one of a dozen
 * things, which is a third of the time of a small transition. False when there is anything else: that is Drizzle's to compile.
 */
function flatten(template: SQL, texts: string[], args: InValue[]): boolean {
  for (const chunk of template.queryChunks) {
    if (chunk instanceof StringChunk) texts.push(...chunk.value)
    else if (chunk instanceof SQL) {
      if (!flatten(chunk, texts, args)) return false
    } else if (isValue(chunk)) {
      texts.push('?')
      args.push(chunk)
    } else return false
  }
  return true
}

const isValue = (chunk: unknown): chunk is InValue =>
  chunk === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof chunk)
