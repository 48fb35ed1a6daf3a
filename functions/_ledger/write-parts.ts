/** Writes a ledger file part by part: unchanged parts are copied from an earlier one, a part of one fragment from that, the others are queried. */
import { createHash } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { sha256, sha256OfFile } from '../_lake/digest.ts'
import type { Lake } from '../_lake/lake.ts'
import { sqlText } from '../_lake/sql-text.ts'
import { tempBeside } from '../_lake/temp-names.ts'
import {
  columnsOf,
  fileEnd,
  footerOf,
  footerStart,
  MAGIC,
  moved,
  readFooter,
  rowGroups,
  rowsOfGroups,
  structBytes,
  TAIL_BYTES,
} from '../_parquet/footer.ts'
import { UnsupportedFileError } from '../_parquet/thrift-reader.ts'
import type { ThriftStruct } from '../_parquet/thrift-tree.ts'
import { LEDGER_FORMAT, NO_ROWS } from './fragment.ts'
import {
  bytesOf,
  copiedBytes,
  copyBytes,
  digestOfGroups,
  type LedgerPart,
  type LedgerParts,
  type ListedPart,
  PARTS_KEY,
  type PartList,
} from './ledger-parts.ts'

export interface WantedPart {
  name: string
  /** Digest of all that its rows follow from. */
  source: string
  /** Its rows, in any order. */
  sql: string
  /** Set where its rows are those of one file of a ledger's columns, in order. */
  fragment?: { path: string; sha256: string }
}

/** A part as it was appended, as if it stood first in a file. */
type MadePart = Omit<LedgerPart, 'offset'>

/** Rows that DuckDB sorts at once: a sort of 750,000 rows takes 600 MB, one of these 150 MB and no more time. */
const SORTED_ROWS = 150_000

/** Rows of the file at `to`, which is not synced yet. `old` holds parts that are intact. Rejects, and leaves nothing, where a query fails. */
export async function writeParts(
  lake: Lake,
  to: string,
  wanted: readonly WantedPart[],
  old: LedgerParts | null,
): Promise<number> {
  const known = new Map(old?.parts.map((part) => [`${part.name} ${part.source}`, part]))
  const source = old === null ? null : await open(old.path, 'r')
  const sink = await open(to, 'w')
  const listed: ListedPart[] = []
  const groups: ThriftStruct[] = []
  let offset = MAGIC.length
  try {
    await sink.writeFile(MAGIC)
    const like = await emptyFooter(lake, to)
    const columnsSha256 = sha256(structBytes(columnsOf(like)))
    for (const part of wanted) {
      const earlier = known.get(`${part.name} ${part.source}`)
      const { rowGroups: own, ...entry } =
        earlier !== undefined && source !== null
          ? await copied(source, earlier, sink)
          : ((await ofFragment(part, columnsSha256, sink)) ?? (await queried(lake, to, part, sink)))
      for (const group of own) groups.push(moved(group, offset - MAGIC.length, groups.length))
      listed.push(entry)
      offset += entry.bytes
    }
    const list: PartList = { columnsSha256, parts: listed }
    await sink.writeFile(fileEnd(footerOf(like, groups, PARTS_KEY, JSON.stringify(list))))
    return rowsOfGroups(groups)
  } catch (error) {
    await rm(to, { force: true })
    throw error
  } finally {
    await sink.close()
    await source?.close()
  }
}

/** The footer of a ledger without rows: its columns are those of every part. */
async function emptyFooter(lake: Lake, beside: string): Promise<ThriftStruct> {
  const temp = tempBeside(beside)
  try {
    await lake.duck.run(`COPY (SELECT * FROM ${NO_ROWS}) TO ${sqlText(temp)} ${LEDGER_FORMAT}`)
    return await withFile(temp, async ({ footer }) => footer)
  } finally {
    await rm(temp, { force: true })
  }
}

async function copied(from: FileHandle, { offset, ...part }: LedgerPart, to: FileHandle): Promise<MadePart> {
  const found = await copiedBytes(from, { offset, bytes: part.bytes }, to)
  if (found !== part.sha256)
    throw new Error(
      `expected the part ${part.name} of the ledger as it was read a moment ago, got other bytes: run it again`,
    )
  return part
}

/** The row groups of the fragment are what DuckDB would write of its rows. Null where the part has several, or the file has columns of an older version. */
async function ofFragment(
  { name, source, fragment }: WantedPart,
  columnsSha256: string,
  to: FileHandle,
): Promise<MadePart | null> {
  if (fragment === undefined) return null
  return await withFile(fragment.path, async (file) => {
    if (sha256(structBytes(columnsOf(file.footer))) !== columnsSha256) return null
    if ((await sha256OfFile(fragment.path)) !== fragment.sha256)
      throw new Error(`expected ${fragment.path} as it was read a moment ago, got other bytes: run it again`)
    const part = new PartUnderway(to)
    await part.append(file)
    return part.finished(name, source)
  })
}

/** DuckDB writes the part, a range of symbols at a time, as files of their own from which the row groups are taken. */
async function queried(lake: Lake, beside: string, { name, source, sql }: WantedPart, to: FileHandle) {
  const temp = tempBeside(beside)
  const part = new PartUnderway(to)
  try {
    for (const range of await symbolRanges(lake, sql)) {
      await lake.duck.run(
        `COPY (SELECT * FROM (${sql}) WHERE ${range} ORDER BY symbol, dt) TO ${sqlText(temp)} ${LEDGER_FORMAT}`,
      )
      await withFile(temp, (file) => part.append(file))
    }
    return part.finished(name, source)
  } finally {
    await rm(temp, { force: true })
  }
}

/** Conditions over `symbol`, in order, that cut the rows into pieces which are small enough to be sorted. */
async function symbolRanges(lake: Lake, sql: string): Promise<string[]> {
  const counted = await lake.duck.all<{ symbol: string; n: number }>(
    `SELECT symbol, count(*) AS n FROM (${sql}) GROUP BY symbol ORDER BY symbol`,
  )
  const bounds: string[] = []
  let rows = 0
  for (const { symbol, n } of counted) {
    if (rows > 0 && rows + n > SORTED_ROWS) {
      bounds.push(sqlText(symbol))
      rows = 0
    }
    rows += n
  }
  const below = [...bounds.map((bound) => `symbol < ${bound}`), 'true']
  const above = ['true', ...bounds.map((bound) => `symbol >= ${bound}`)]
  return above.map((from, at) => `${from} AND ${below[at]}`)
}

interface ParquetFile {
  handle: FileHandle
  footer: ThriftStruct
  /** Where the footer begins. */
  end: number
}

async function withFile<T>(path: string, work: (file: ParquetFile) => Promise<T>): Promise<T> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const end = footerStart(await bytesOf(handle, size - TAIL_BYTES, TAIL_BYTES), size)
    return await work({ handle, footer: readFooter(await bytesOf(handle, end, size - TAIL_BYTES - end)), end })
  } catch (error) {
    if (error instanceof UnsupportedFileError)
      throw new Error(`expected a Parquet file at ${path}, got another: ${error.message}`)
    throw error
  } finally {
    await handle.close()
  }
}

/** A part that takes its row groups from Parquet files, one after the other. */
class PartUnderway {
  private readonly hash = createHash('sha256')
  private readonly groups: ThriftStruct[] = []
  private bytes = 0
  private readonly to: FileHandle

  constructor(to: FileHandle) {
    this.to = to
  }

  async append({ handle, footer, end }: ParquetFile): Promise<void> {
    for (const group of rowGroups(footer)) this.groups.push(moved(group, this.bytes, this.groups.length))
    const bytes = end - MAGIC.length
    await copyBytes(handle, { offset: MAGIC.length, bytes }, this.hash, this.to)
    this.bytes += bytes
  }

  finished(name: string, source: string): MadePart {
    return {
      name,
      source,
      bytes: this.bytes,
      sha256: this.hash.digest('hex'),
      groups: this.groups.length,
      groupsSha256: digestOfGroups(this.groups),
      rowGroups: this.groups,
    }
  }
}
