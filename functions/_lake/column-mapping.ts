/** How an older file spells our columns: which of its columns is which of ours, and the SQL that reads it as ours. Knows no disk. */
import type { ColumnConfig, DatasetConfig } from '../../config/schema.ts'
import { ZONES } from '../_calendar/zone.ts'
import { rawColumns } from './encode.ts'
import type { FileColumn } from './footers.ts'
import { sqlText } from './sql-text.ts'

/** A stored column in DuckDB. Instants are UTC without a zone. */
export const SQL_TYPE = {
  instant: 'TIMESTAMP',
  double: 'DOUBLE',
  integer: 'BIGINT',
  text: 'VARCHAR',
  day: 'DATE',
} as const

/**
 * The value of a column of ours where it says something: NaN in an optional column is none, as data frames write nothing; 0 for vwap or trades beside a
 * volume is none (see _market/unknown-zero.ts). `volume` is the SQL of the row's volume.
 */
export function saidValue({ name, type, optional }: ColumnConfig, sql: string, volume: string | undefined): string {
  const unsaid = [
    ...(optional && type === 'double' ? [`isnan(${sql})`] : []),
    ...(UNKNOWN_AS_ZERO.includes(name) && volume !== undefined ? [`(${sql} = 0 AND ${volume} > 0)`] : []),
  ]
  return unsaid.length === 0 ? sql : `CASE WHEN NOT coalesce(${unsaid.join(' OR ')}, false) THEN ${sql} END`
}

const UNKNOWN_AS_ZERO = ['vwap', 'trades']

/** An SQL expression for each column of ours, over a file's columns `r` and a row `p` that tells what its place says (see `mappedRowsSql`). */
export interface ColumnMapping {
  /** Why the file cannot be taken for ours; null when it can. What is not understood reads as null. */
  fault: string | null
  /** The cell's symbol as a row says it; null where only the place can. */
  symbol: string | null
  /** The dataset's columns in the order of its configuration. */
  columns: { name: string; sql: string; required: boolean }[]
  /** Which column of the file holds a value that cannot be ours, and the value, as a sentence; null for a row without one. */
  mismatch: string
  /** The row's stamp as written where it carries no zone, over `r` alone: a TIMESTAMP, or null. Null where no row can have such a stamp. */
  zoneless: string | null
  /** Where the row came from, where the file says it; `date` is a day of its own beside what the rows hold. */
  vendor: string
  feed: string
  adjustment: string
  fetchedAt: string
  date: string
}

/** Other names of our columns, the surest first; a column's own name comes before them. Names are compared without case. */
const ALIASES: Record<string, readonly string[]> = {
  ts: ['timestamp', 'datetime', 'time', 't', 'date'],
  open: ['o'],
  high: ['h'],
  low: ['l'],
  close: ['c'],
  volume: ['v'],
  vwap: ['vw'],
  trades: ['n', 'trade_count', 'transactions'],
  series: ['series_id'],
  contract: ['option_symbol'],
  underlier: ['underlying'],
  symbol: ['ticker'],
}

const INTEGERS = /^U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?$/
const FRACTIONS = /^(?:DOUBLE|FLOAT|DECIMAL\(.*\))$/
const TIMESTAMPS = /^TIMESTAMP(?:_S|_MS|_NS)?$/
const DAY_TEXT = String.raw`'\d{4}-\d{2}-\d{2}'`
/** A text that ends in an offset or the name of a zone behind its time of day. */
const ZONED_TEXT = String.raw`':\d{2}(\.\d+)?\s*([Zz]|[+-]\d{1,2}(:?\d{2}){0,2}|[A-Za-z][A-Za-z_/+-]*)\s*$'`

/** Columns that an older file may lack although ours always have them: what stands in for them is told by `derived`, or is known to be missing. */
const MAY_LACK = ['realtime_start']

/**
 * How a file with these columns is read. Its fault is that a required column is missing or has a type that cannot be it, or that two columns differ
 * by case only.
 */
export function columnMappingOf(spec: DatasetConfig, columns: readonly FileColumn[]): ColumnMapping {
  const byName = new Map<string, FileColumn>()
  const faults: string[] = []
  for (const column of columns) {
    const name = column.name.toLowerCase()
    const other = byName.get(name)
    if (other) faults.push(`the columns ${other.name} and ${column.name} differ by case only`)
    else byName.set(name, column)
  }
  const find = (name: string, more: readonly string[] = []): FileColumn | undefined => {
    for (const alias of [name, ...(ALIASES[name] ?? []), ...more]) {
      const column = byName.get(alias)
      if (column) return column
    }
    return undefined
  }
  const isOwn = isOwnShape(spec, columns)
  const isOption = spec.expected_rows === 'contracts'
  const contract = isOption ? find('contract', ['symbol']) : undefined
  const occ = contract ? occSql(contract) : ''
  const found: ColumnMapping['columns'] = []
  const mismatches: string[] = []
  for (const column of spec.columns) {
    const required = !column.optional && !MAY_LACK.includes(column.name)
    const derived = isOption && contract ? ofContract(column.name, occ, find('underlier')) : null
    const source = find(column.name)
    const sql = derived ?? (source ? asOurs(column, source, isOwn ? 'own' : spec.timeframe) : null)
    if (sql === null && source) {
      faults.push(
        `the column ${source.name} is ${source.type}, which cannot be ${column.name}: expected ${EXPECTED[column.type]}`,
      )
    } else if (sql === null && required) {
      const names = [column.name, ...(ALIASES[column.name] ?? [])].join(', ')
      faults.push(`no column for ${column.name}: looked for ${names}, found ${namesOf(columns)}`)
    }
    if (source && sql !== null && derived === null) mismatches.push(mismatchSql(column, source, sql))
    found.push({ name: column.name, sql: sql ?? `NULL::${SQL_TYPE[column.type]}`, required })
  }
  const volume = found.find(({ name }) => name === 'volume')?.sql
  const textOf = (name: string): string => {
    const column = byName.get(name)
    return column?.type === 'VARCHAR' ? quoted(column.name) : 'NULL::VARCHAR'
  }
  const fetched = byName.get('fetched_at')
  return {
    fault: faults[0] ?? null,
    symbol: symbolSql(spec, byName.get('symbol') ?? byName.get('ticker'), contract, found),
    columns: found.map((one, at) => ({ ...one, sql: saidValue(spec.columns[at]!, one.sql, volume) })),
    mismatch: mismatches.length === 0 ? 'NULL::VARCHAR' : `CASE ${mismatches.join(' ')} END`,
    zoneless: isOwn ? null : zonelessSql(find('ts')),
    vendor: textOf('vendor'),
    feed: textOf('feed'),
    adjustment: adjustmentSql(textOf('adjustment'), byName.get('adjusted')),
    fetchedAt: (fetched && stampSql(fetched)?.wall) ?? 'NULL::TIMESTAMP',
    date: spec.expected_rows === 'series' ? (daySql(byName.get('date')) ?? 'NULL::DATE') : 'NULL::DATE',
  }
}

/** Has a file the columns that this node writes? Its stamps are then in UTC and a day's is its start: there is nothing to make out. */
function isOwnShape(spec: DatasetConfig, columns: readonly FileColumn[]): boolean {
  const own = rawColumns(spec.columns)
  return (
    own.length === columns.length &&
    own.every(({ name, type }, at) => columns[at]?.name === name && columns[at]?.type === SQL_TYPE[type])
  )
}

/** What a column of ours may be in a file, in words. */
const EXPECTED: Record<ColumnConfig['type'], string> = {
  instant: 'a timestamp, whole seconds or finer since 1970, or text such as 2024-07-03T09:30:00-04:00',
  double: 'a number',
  integer: 'a whole number',
  text: 'text',
  day: 'a date, or text such as 2024-07-03',
}

const namesOf = (columns: readonly FileColumn[]): string => {
  const names = columns.map(({ name }) => name).join(', ')
  return names.length > 200 ? `${names.slice(0, 200)}…` : names
}

const mismatchSql = ({ name, type }: ColumnConfig, source: FileColumn, sql: string): string => {
  const from = quoted(source.name)
  const isSaid = FRACTIONS.test(source.type) ? `${from} IS NOT NULL AND NOT isnan(${from})` : `${from} IS NOT NULL`
  return `WHEN ${isSaid} AND (${sql}) IS NULL THEN ${sqlText(`${source.name} is `)} || left(${from}::VARCHAR, 40) || ${sqlText(`, which cannot be ${name}: expected ${EXPECTED[type]}`)}`
}

/** `adjusted` is a vendor's own flag, which many collectors keep: true says that the prices are not as traded, whatever else the row says. */
const adjustmentSql = (said: string, flag: FileColumn | undefined): string =>
  flag && (flag.type === 'BOOLEAN' || flag.type === 'VARCHAR' || INTEGERS.test(flag.type))
    ? `CASE WHEN try_cast(${quoted(flag.name)} AS BOOLEAN) THEN 'adjusted' ELSE ${said} END`
    : said

const quoted = (name: string): string => `r."${name.replaceAll('"', '""')}"`

/** Which cell a row of a shared file belongs to. Yields belong to the group of their series. */
function symbolSql(
  spec: DatasetConfig,
  symbol: FileColumn | undefined,
  contract: FileColumn | undefined,
  found: ColumnMapping['columns'],
): string | null {
  if (spec.universe === 'groups') {
    const series = found.find(({ name }) => name === 'series')?.sql
    const groups = Object.entries(spec.groups ?? {})
    const branches = groups.map(
      ([group, { series: members }]) =>
        `WHEN ${series} IN (${members.map(({ id }) => `'${id}'`).join(', ')}) THEN '${group}'`,
    )
    return series ? `CASE ${branches.join(' ')} END` : null
  }
  if (contract) return found.find(({ name }) => name === 'underlier')?.sql ?? null
  return symbol?.type === 'VARCHAR' ? quoted(symbol.name) : null
}

/** The OCC symbol without padding and without the prefix that a vendor puts before it. */
const occSql = (contract: FileColumn): string => `regexp_replace(replace(${quoted(contract.name)}, ' ', ''), '^O:', '')`

/** What the name of a contract says; null for a column it says nothing about. Its root is the underlier where nothing else tells. */
function ofContract(name: string, occ: string, underlier: FileColumn | undefined): string | null {
  const part = (at: number): string =>
    String.raw`nullif(regexp_extract(${occ}, '^([A-Z]{1,5})\d?(\d{6})([CP])(\d{8})$', ${at}), '')`
  switch (name) {
    case 'contract':
      return `CASE WHEN ${part(1)} IS NOT NULL THEN ${occ} END`
    case 'underlier':
      return `coalesce(p.symbol, ${underlier?.type === 'VARCHAR' ? `${quoted(underlier.name)}, ` : ''}${part(1)})`
    case 'expiration':
      return `try_cast(try_strptime('20' || ${part(2)}, '%Y%m%d') AS DATE)`
    case 'right':
      return `CASE ${part(3)} WHEN 'C' THEN 'call' WHEN 'P' THEN 'put' END`
    case 'strike':
      return `${part(4)}::DOUBLE / 1000`
    default:
      return null
  }
}

/** How the stamps of a file are taken: as this node writes them, as the day they lie in, or as the minute they name. */
type StampKind = 'own' | DatasetConfig['timeframe']

/** A column of the file as ours; null when its type cannot be. Nothing is rounded: what does not fit becomes null. */
function asOurs(column: ColumnConfig, source: FileColumn, kind: StampKind): string | null {
  const from = quoted(source.name)
  switch (column.type) {
    case 'instant':
      return instantSql(source, kind)
    case 'double':
      return INTEGERS.test(source.type) || FRACTIONS.test(source.type) ? `${from}::DOUBLE` : null
    case 'integer':
      if (INTEGERS.test(source.type)) return `try_cast(${from} AS BIGINT)`
      // Pandas makes a column of counts with gaps a column of doubles.
      return FRACTIONS.test(source.type)
        ? `CASE WHEN ${from} = trunc(${from}) THEN try_cast(${from} AS BIGINT) END`
        : null
    case 'text':
      return source.type === 'VARCHAR' ? from : null
    case 'day':
      return daySql(source)
    default:
      throw new Error(`expected a known column type, got ${column.type satisfies never}`)
  }
}

const daySql = (source: FileColumn | undefined): string | null => {
  if (source?.type === 'DATE') return quoted(source.name)
  return source?.type === 'VARCHAR' ? `try_cast(${quoted(source.name)} AS DATE)` : null
}

/**
 * The start of a bar, UTC without zone. A stamp without a zone is in that of its place (`p.zone`); null where that is not known. Any instant within the
 * New York day of the path is that day's, whose bar begins as ours do; so is a bare day (a date, or a stamp of midnight), which names its day whatever
 * the zone: at midnight UTC no bar begins. A stamp of another day stays what it is.
 */
function instantSql(source: FileColumn, kind: StampKind): string | null {
  const from = quoted(source.name)
  const isBareType = source.type === 'DATE'
  if (isBareType && kind !== 'day') return null
  const stamp = isBareType ? { wall: `${from}::TIMESTAMP`, utc: `${from}::TIMESTAMP` } : stampSql(source)
  if (stamp === null) return null
  const { wall, utc } = stamp
  if (kind === 'own') return wall
  if (kind !== 'day') {
    return source.type === 'VARCHAR' ? `CASE WHEN NOT regexp_full_match(${from}, ${DAY_TEXT}) THEN ${utc} END` : utc
  }
  return `CASE WHEN ${wall} = date_trunc('day', ${wall}) AND ${wall}::DATE = p.dt THEN p.midnight
    WHEN ${wall} = date_trunc('day', ${wall}) THEN ${wall}
    WHEN ${utc} >= p.midnight AND ${utc} < p.next_midnight THEN p.midnight ELSE ${utc} END`
}

/** A stamp as it is written and as UTC, both TIMESTAMP; null for a type that holds no instant. */
function stampSql(source: FileColumn): { wall: string; utc: string } | null {
  const from = quoted(source.name)
  if (TIMESTAMPS.test(source.type)) {
    const wall = `try_cast(${from} AS TIMESTAMP)`
    return { wall, utc: inUtc(wall) }
  }
  if (source.type === 'VARCHAR') {
    // Without a zone the session's is taken, which is UTC.
    const wall = `(try_cast(${from} AS TIMESTAMPTZ) AT TIME ZONE 'UTC')`
    return { wall, utc: `CASE WHEN regexp_matches(${from}, ${ZONED_TEXT}) THEN ${wall} ELSE ${inUtc(wall)} END` }
  }
  if (source.type === 'TIMESTAMP WITH TIME ZONE') {
    const utc = `(${from} AT TIME ZONE 'UTC')`
    return { wall: utc, utc }
  }
  if (!INTEGERS.test(source.type)) return null
  // The smallest number of all is what pandas writes for no time at all.
  const utc = epochSql(`nullif(try_cast(${from} AS BIGINT), (-9223372036854775808)::BIGINT)`)
  return { wall: utc, utc }
}

/** A wall clock in the zone of the row's place, as UTC. */
const inUtc = (wall: string): string =>
  `CASE p.zone ${ZONES.map((zone) => `WHEN '${zone}' THEN ${zone === 'UTC' ? wall : `${wall} AT TIME ZONE '${zone}' AT TIME ZONE 'UTC'`}`).join(' ')} END`

function zonelessSql(source: FileColumn | undefined): string | null {
  const stamp = source && stampSql(source)
  if (!source || !stamp) return null
  if (TIMESTAMPS.test(source.type)) return stamp.wall
  if (source.type !== 'VARCHAR') return null
  const from = quoted(source.name)
  const isOther = `regexp_matches(${from}, ${ZONED_TEXT}) OR regexp_full_match(${from}, ${DAY_TEXT})`
  return `CASE WHEN NOT (${isOther}) THEN ${stamp.wall} END`
}

/** Seconds, milli-, micro- or nanoseconds since 1970, told apart by size: right from 1973 on and for the next three thousand years. */
const epochSql = (count: string): string =>
  `make_timestamp(CASE WHEN abs(${count}) < 100000000000 THEN ${count} * 1000000 WHEN abs(${count}) < 100000000000000 THEN ${count} * 1000
    WHEN abs(${count}) < 100000000000000000 THEN ${count} ELSE ${count} // 1000 END)`
