/** The columns of corporate actions that their merging needs, whether or not a configuration has them. */
import type { ColumnConfig } from '../../config/schema.ts'
import { SQL_TYPE } from '../_lake/column-mapping.ts'

const TYPES: Readonly<Record<string, ColumnConfig['type']>> = {
  effective_date: 'day',
  first_seen: 'day',
  withdrawn: 'day',
  cash: 'double',
  old_shares: 'double',
  new_shares: 'double',
  currency: 'text',
  other_symbol: 'text',
  subtype: 'text',
  detail: 'text',
}

/** The SQL of a column by its name; a null of its type where the configuration has none. */
export const actionColumns =
  (columns: readonly ColumnConfig[]) =>
  (name: string): string =>
    columns.some((column) => column.name === name) ? `"${name}"` : `NULL::${SQL_TYPE[TYPES[name] ?? 'text']}`
