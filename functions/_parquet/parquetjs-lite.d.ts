/** The part of parquetjs-lite 0.8.7 that the lake uses; the package brings no types. Read off its source. */
declare module 'parquetjs-lite' {
  interface FieldOptions {
    type: 'UTF8' | 'DOUBLE' | 'INT64' | 'DATE' | 'TIMESTAMP_MICROS'
    optional: boolean
    compression: 'SNAPPY' | 'UNCOMPRESSED'
    statistics?: false
  }

  interface ColumnBuffer {
    values: unknown[]
    /** One level per row; for a required column only the length counts. */
    dlevels: ArrayLike<number>
    rlevels: number[]
    /** Iterated for min and max, asked for `size`. */
    distinct_values: unknown[]
    count: number
  }

  interface RowBuffer {
    rowCount: number
    pageRowCount: number
    columnData: Record<string, ColumnBuffer>
    pages: Record<string, unknown[]>
  }

  interface Envelope {
    pageSize: number
    useDataPageV2: boolean
    writeHeader(): unknown
    writeRowGroup(rows: RowBuffer): unknown
    writeIndex(): unknown
    writeFooter(metadata: Record<string, string>): unknown
    close(): unknown
  }

  class ParquetSchema {
    constructor(fields: Record<string, FieldOptions>)
  }

  class ParquetEnvelopeWriter implements Envelope {
    constructor(
      schema: ParquetSchema,
      write: (bytes: Buffer) => unknown,
      close: () => unknown,
      fileOffset: number,
      options: { useDataPageV2: boolean; pageIndex: boolean },
    )
    pageSize: number
    useDataPageV2: boolean
    rowGroups: { columns: { meta_data: { statistics: { distinct_count: unknown } | null } }[] }[]
    writeHeader(): unknown
    writeRowGroup(rows: RowBuffer): unknown
    writeIndex(): unknown
    writeFooter(metadata: Record<string, string>): unknown
    close(): unknown
  }

  class ParquetWriter {
    constructor(schema: ParquetSchema, envelope: Envelope, options: Record<string, never>)
    rowBuffer: RowBuffer
    close(): Promise<void>
  }

  const parquet: {
    ParquetSchema: typeof ParquetSchema
    ParquetEnvelopeWriter: typeof ParquetEnvelopeWriter
    ParquetWriter: typeof ParquetWriter
  }
  export default parquet
}

/** The compressor that parquetjs-lite uses, without the buffer that its public function allocates for each page. */
declare module 'snappyjs/snappy_compressor.js' {
  export class SnappyCompressor {
    constructor(uncompressed: Uint8Array)
    maxCompressedLength(): number
    /** Returns how many bytes it wrote, from the start of `out` on. */
    compressToBuffer(out: Uint8Array): number
  }
}
