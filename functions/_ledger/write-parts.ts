/** Writes a ledger file part by part: unchanged parts are copied from an earlier one, the others are queried. */
import { type FileHandle, open, rm } from 'node:fs/promises'
import { sha256 } from '../_lake/digest.ts'
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
import type { ThriftStruct } from '../_parquet/thrift-tree.ts'
import { LEDGER_FORMAT } from './fragment.ts'
import {
  bytesOf,
  copiedBytes,
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
  /** Its rows, in order. */
  sql: string
}

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
  let like: ThriftStruct | undefined
  let offset = MAGIC.length
  try {
    await sink.writeFile(MAGIC)
    for (const part of wanted) {
      const earlier = known.get(`${part.name} ${part.source}`)
      const made =
        earlier !== undefined && old !== null && source !== null
          ? { part: await copied(source, earlier, sink), footer: old.footer }
          : await queried(lake, to, part, sink)
      like ??= made.footer
      const { rowGroups: own, offset: _, ...entry } = made.part
      for (const group of own) groups.push(moved(group, offset - MAGIC.length, groups.length))
      listed.push(entry)
      offset += entry.bytes
    }
    if (like === undefined) throw new Error('expected at least one part of a ledger, got none')
    const list: PartList = { columnsSha256: sha256(structBytes(columnsOf(like))), parts: listed }
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

async function copied(from: FileHandle, part: LedgerPart, to: FileHandle): Promise<LedgerPart> {
  const found = await copiedBytes(from, part, to)
  if (found !== part.sha256)
    throw new Error(
      `expected the part ${part.name} of the ledger as it was read a moment ago, got other bytes: run it again`,
    )
  return part
}

/** DuckDB writes the part as a file of its own, from which its row groups are taken. */
async function queried(lake: Lake, beside: string, { name, source, sql }: WantedPart, to: FileHandle) {
  const temp = tempBeside(beside)
  let handle: FileHandle | undefined
  try {
    await lake.duck.run(`COPY (${sql}) TO ${sqlText(temp)} ${LEDGER_FORMAT}`)
    handle = await open(temp, 'r')
    const { size } = await handle.stat()
    const start = footerStart(await bytesOf(handle, size - TAIL_BYTES, TAIL_BYTES), size)
    const footer = readFooter(await bytesOf(handle, start, size - TAIL_BYTES - start))
    const own = rowGroups(footer)
    const bytes = start - MAGIC.length
    const hash = await copiedBytes(handle, { offset: MAGIC.length, bytes }, to)
    const listed = {
      name,
      source,
      bytes,
      sha256: hash,
      groups: own.length,
      groupsSha256: digestOfGroups(own.map((group, at) => moved(group, 0, at))),
    }
    return { part: { ...listed, offset: MAGIC.length, rowGroups: own }, footer }
  } finally {
    await handle?.close()
    await rm(temp, { force: true })
  }
}
