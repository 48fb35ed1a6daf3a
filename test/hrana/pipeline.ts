/** One exchange of SQL over HTTP (Hrana 2 and 3 as JSON): its requests carried out in order on one connection. */
import type Database from 'libsql'

type Value =
  | { type: 'null' }
  | { type: 'integer'; value: string }
  | { type: 'float'; value: number }
  | { type: 'text'; value: string }
  | { type: 'blob'; base64: string }

interface Stmt {
  sql?: string
  sql_id?: number
  args?: Value[]
  want_rows?: boolean
}

type Condition =
  | { type: 'ok' | 'error'; step: number }
  | { type: 'not'; cond: Condition }
  | { type: 'and' | 'or'; conds: Condition[] }
  | { type: 'is_autocommit' }

interface Batch {
  steps: { stmt: Stmt; condition?: Condition | null }[]
}

export type StreamRequest =
  | { type: 'execute'; stmt: Stmt }
  | { type: 'batch'; batch: Batch }
  | { type: 'sequence'; sql?: string; sql_id?: number }
  | { type: 'store_sql'; sql_id: number; sql: string }
  | { type: 'close_sql'; sql_id: number }
  | { type: 'get_autocommit' }
  | { type: 'close' }

interface StmtResult {
  cols: { name: string; decltype: string | null }[]
  rows: Value[][]
  affected_row_count: number
  last_insert_rowid: string | null
}

interface Failure {
  message: string
  code: string
}

/** Texts a stream has stored, by their id. */
export type Texts = Map<number, string>

/** What every request came to, as the protocol writes it. */
export const carryOut = (file: Database.Database, texts: Texts, requests: readonly StreamRequest[]): unknown[] =>
  requests.map((request) => {
    try {
      return { type: 'ok', response: { type: request.type, ...responseTo(file, texts, request) } }
    } catch (error) {
      return { type: 'error', error: failureOf(error) }
    }
  })

function responseTo(file: Database.Database, texts: Texts, request: StreamRequest): object {
  switch (request.type) {
    case 'execute':
      return { result: execute(file, texts, request.stmt) }
    case 'batch':
      return { result: runBatch(file, texts, request.batch) }
    case 'sequence':
      file.exec(textOf(texts, request))
      return {}
    case 'store_sql':
      texts.set(request.sql_id, request.sql)
      return {}
    case 'close_sql':
      texts.delete(request.sql_id)
      return {}
    case 'get_autocommit':
      return { is_autocommit: !file.inTransaction }
    case 'close':
      return {}
    default:
      return request satisfies never
  }
}

function textOf(texts: Texts, { sql, sql_id }: { sql?: string; sql_id?: number }): string {
  const text = sql ?? texts.get(sql_id ?? -1)
  if (text === undefined) throw new Error(`expected a stored text for ${sql_id}`)
  return text
}

function execute(file: Database.Database, texts: Texts, stmt: Stmt): StmtResult {
  const statement = file.prepare(textOf(texts, stmt))
  const args = (stmt.args ?? []).map(plain)
  if (!statement.reader) {
    const { changes, lastInsertRowid } = statement.run(args)
    return { cols: [], rows: [], affected_row_count: changes, last_insert_rowid: String(lastInsertRowid) }
  }
  statement.safeIntegers(true).raw(true)
  const rows = statement.all(args) as unknown[][]
  return {
    cols: statement.columns().map(({ name, type }) => ({ name, decltype: type })),
    rows: stmt.want_rows === false ? [] : rows.map((row) => row.map(encoded)),
    affected_row_count: 0,
    last_insert_rowid: null,
  }
}

function runBatch(file: Database.Database, texts: Texts, { steps }: Batch): object {
  const results: (StmtResult | null)[] = []
  const errors: (Failure | null)[] = []
  const holds = (condition: Condition): boolean => {
    switch (condition.type) {
      case 'ok':
        return results[condition.step] != null
      case 'error':
        return errors[condition.step] != null
      case 'not':
        return !holds(condition.cond)
      case 'and':
        return condition.conds.every(holds)
      case 'or':
        return condition.conds.some(holds)
      case 'is_autocommit':
        return !file.inTransaction
      default:
        return condition satisfies never
    }
  }
  for (const { stmt, condition } of steps) {
    let result: StmtResult | null = null
    let failure: Failure | null = null
    try {
      if (!condition || holds(condition)) result = execute(file, texts, stmt)
    } catch (error) {
      failure = failureOf(error)
    }
    results.push(result)
    errors.push(failure)
  }
  return { step_results: results, step_errors: errors }
}

function plain(value: Value): unknown {
  switch (value.type) {
    case 'null':
      return null
    case 'integer':
      return BigInt(value.value)
    case 'float':
    case 'text':
      return value.value
    case 'blob':
      return Buffer.from(value.base64, 'base64')
    default:
      return value satisfies never
  }
}

function encoded(value: unknown): Value {
  if (value === null) return { type: 'null' }
  if (typeof value === 'bigint') return { type: 'integer', value: String(value) }
  if (typeof value === 'number') return { type: 'float', value }
  if (typeof value === 'string') return { type: 'text', value }
  if (value instanceof Uint8Array) return { type: 'blob', base64: Buffer.from(value).toString('base64') }
  throw new Error(`expected a value of the database, got ${typeof value}`)
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { message: String(error), code: 'UNKNOWN' }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN'
  return { message: error.message, code }
}
