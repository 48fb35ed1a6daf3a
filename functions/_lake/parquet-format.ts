/** How every Parquet file is written that curation and export make: the same bytes for the same rows and texts. */
import { sqlText } from './sql-text.ts'

/** `texts` stand as key-value metadata in the footer. */
export function parquetFormat(texts: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(texts).map(([key, text]) => `${key}: ${sqlText(text)}`)
  const metadata = pairs.length === 0 ? '' : `, KV_METADATA {${pairs.join(', ')}}`
  return `(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 100000, USE_TMP_FILE false${metadata})`
}
