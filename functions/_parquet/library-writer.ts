/**
 * The bytes of a Parquet file as parquetjs-lite writes them. Above some thousand rows the library's overhead per column no longer counts, so it
 * writes those files. The writer of this room gives the same bytes for the same rows.
 */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import parquet from 'parquetjs-lite'
import { type Extremes, extremesOf, isStatable } from './statistics.ts'
import type { ParquetColumn, RowGroup } from './writer.ts'

/** The library's row API gives other row groups, and its file API writes the final name in place: it gets a sink in memory. */
export async function libraryBytes(columns: readonly ParquetColumn[], groups: readonly RowGroup[]): Promise<Buffer> {
  const extremes = groups.map((group) => group.chunks.map((chunk) => extremesOf(chunk.values)))
  const schema = new parquet.ParquetSchema(
    Object.fromEntries(
      columns.map(({ name, type, optional }, at) => {
        const stated = extremes.every((chunks) => isStatable(type, chunks[at] ?? null))
        return [
          name,
          { type, optional, compression: 'SNAPPY' as const, ...(stated ? {} : { statistics: false as const }) },
        ]
      }),
    ),
  )
  const sections: Buffer[] = []
  const envelope = new parquet.ParquetEnvelopeWriter(schema, (bytes) => sections.push(bytes), nothing, 0, {
    useDataPageV2: true,
    pageIndex: false,
  })
  envelope.writeHeader()
  for (const [at, group] of groups.entries()) {
    await yieldToEventLoop()
    await writeGroup(schema, envelope, columns, group, extremes[at] ?? [])
  }
  // Only min and max were shown to the writer, so its count of distinct values is not one.
  for (const { columns: written } of envelope.rowGroups) {
    for (const { meta_data } of written) if (meta_data.statistics) meta_data.statistics.distinct_count = null
  }
  envelope.writeFooter({})
  return Buffer.concat(sections)
}

/** Pages are encoded by ParquetWriter.close(), which would also end the file: it gets an envelope that only takes the row group. */
async function writeGroup(
  schema: InstanceType<typeof parquet.ParquetSchema>,
  envelope: InstanceType<typeof parquet.ParquetEnvelopeWriter>,
  columns: readonly ParquetColumn[],
  group: RowGroup,
  extremes: (Extremes | null)[],
): Promise<void> {
  const writer = new parquet.ParquetWriter(
    schema,
    {
      pageSize: envelope.pageSize,
      useDataPageV2: true,
      writeHeader: nothing,
      writeRowGroup: (rows) => envelope.writeRowGroup(rows),
      writeIndex: nothing,
      writeFooter: nothing,
      close: nothing,
    },
    {},
  )
  const columnData: typeof writer.rowBuffer.columnData = {}
  const pages: typeof writer.rowBuffer.pages = {}
  for (const [at, { name, type }] of columns.entries()) {
    const chunk = group.chunks[at]
    if (!chunk) throw new Error(`expected values for column ${name}, got none`)
    columnData[name] = {
      // The library replaces texts by their bytes, in place.
      values: type === 'TIMESTAMP_MICROS' ? Array.from(chunk.values, BigInt) : Array.from(chunk.values),
      dlevels: (chunk.present && Array.from(chunk.present)) ?? { length: group.rows },
      rlevels: [],
      distinct_values: (type === 'TIMESTAMP_MICROS' ? extremes[at]?.map(BigInt) : extremes[at]) ?? [],
      count: group.rows,
    }
    pages[name] = []
  }
  writer.rowBuffer = { rowCount: group.rows, pageRowCount: group.rows, columnData, pages }
  try {
    await writer.close()
  } catch (error) {
    // The library throws texts.
    throw error instanceof Error ? error : new Error(`parquetjs-lite refused a row group: ${String(error)}`)
  }
}

const nothing = (): void => undefined
