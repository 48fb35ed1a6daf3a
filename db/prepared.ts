/** Turns a statement into its text and its arguments. */
import type { InStatement, InValue } from '@libsql/client'
import { Placeholder, type SQL } from 'drizzle-orm'
import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core'

/** A statement built with Drizzle's builder or with its `sql` template, or one whose text was there already. */
export type Statement = SQL | { toSQL(): { sql: string; params: unknown[] } } | Filled

interface Filled {
  text: string
  args: InValue[]
}

/** What a template may hold where a value belongs: the value, or a blank for it. */
export type Param<T> = T | Placeholder

const dialect = new SQLiteAsyncDialect()

export function compile(statement: Statement): InStatement {
  if ('text' in statement) return { sql: statement.text, args: statement.args }
  if ('toSQL' in statement) {
    const built = statement.toSQL()
    return { sql: built.sql, args: built.params as InValue[] }
  }
  const { text, args } = composed(statement)
  return { sql: text, args: args as InValue[] }
}

/**
 * A statement that is asked often, told once for all: its text is put together at the first use, from then on only its blanks are filled
 * in. Anything else it holds must be constant. Putting the statements of a claim and its settlement together each time took a tenth as
 * long as carrying them out.
 */
export function preparedSql<Name extends string>(
  compose: (blanks: Record<Name, Placeholder>) => SQL,
): (values: Record<Name, InValue>) => Statement {
  let template: ReturnType<typeof composed> | undefined
  return (values) => {
    template ??= numbered(composed(compose(BLANKS as Record<Name, Placeholder>)))
    const { text, args } = template
    return { text, args: args.map((arg) => (arg instanceof Placeholder ? values[arg.name as Name] : (arg as InValue))) }
  }
}

/** The same with each argument once, however often it is used: binding them takes a good part of a small statement's time. */
function numbered({ text, args }: ReturnType<typeof composed>): ReturnType<typeof composed> {
  const nameOf = (arg: unknown): unknown => (arg instanceof Placeholder ? `blank ${arg.name}` : arg)
  if (text.split('?').length !== args.length + 1) throw new Error(`expected a question mark for values alone: ${text}`)
  const names = [...new Set(args.map(nameOf))]
  let at = 0
  return {
    text: text.replaceAll('?', () => `?${names.indexOf(nameOf(args[at++])) + 1}`),
    args: names.map((name) => args.find((arg) => nameOf(arg) === name)),
  }
}

/** A blank of every name that is asked for. */
const BLANKS = new Proxy<Record<string, Placeholder>>({}, { get: (_, name) => new Placeholder(String(name)) })

function composed(statement: SQL): { text: string; args: unknown[] } {
  const { sql, params } = dialect.sqlToQuery(statement)
  return { text: sql, args: params }
}
