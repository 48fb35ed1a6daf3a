/** The shape of every file under config/, strict: an unknown key is a mistake, not a wish. */
import { z } from 'zod'
import { DatasetName, SymbolText } from '../functions/_market/cell.ts'
import { DtText } from '../functions/_market/dt.ts'

const Clock = z
  .string()
  .regex(/^(?:([01]\d|2[0-3]):[0-5]\d|24:00)$/, { error: 'expected a New York wall-clock time as HH:MM' })

/** When a vendor first has a cell: `at` New York time on the n-th calendar day, or n-th session of the dataset, after dt. */
export const Recency = z.union([
  z.strictObject({ days: z.int().min(0).max(30), at: Clock }),
  z.strictObject({ sessions: z.int().min(0).max(30), at: Clock }),
])

/** How far back a vendor's plan reaches. */
export const History = z.union([
  z.strictObject({ from: DtText }),
  z.strictObject({ rolling_years: z.number().positive().max(100) }),
])

const VendorDataset = z.strictObject({
  feed: z.string().min(1),
  entitled: z.boolean().default(true),
  history: History,
  recency: Recency,
  /** Weight of this vendor among those that can fill a cell; the higher wins. */
  preference: z.number().positive().max(100),
  /** Prior belief, until outcomes teach better: the share of asked cells that come back filled. */
  fill_rate: z.number().gt(0).max(1),
  latency_ms: z.number().positive(),
  shape: z.strictObject({
    rows_per_page: z.int().positive(),
    symbols_per_call: z.int().positive(),
    pages_per_plan: z.int().positive(),
  }),
})

const Vendor = z.strictObject({
  base_url: z.url({ protocol: /^https?$/ }),
  calls_per_minute: z.int().min(0),
  calls_per_day: z.int().min(0).nullable(),
  /** Share of the calls per minute that only lane `today` may take. */
  today_share: z.number().min(0).max(0.9),
  datasets: z.partialRecord(DatasetName, VendorDataset),
})

export const VendorCapabilities = z.strictObject({
  vendors: z.record(z.string().regex(/^[a-z][a-z0-9_]*$/), Vendor),
})

const Column = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]*$/),
  type: z.enum(['instant', 'double', 'integer', 'text', 'day']),
  optional: z.boolean().default(false),
})

const Dataset = z.strictObject({
  calendar: z.enum(['xnys', 'fed']),
  /** `symbols`: the universe's symbols. `groups`: the series groups below. */
  universe: z.enum(['symbols', 'groups']),
  /** The first day wanted: a date, or as many years or sessions before the as-of day. */
  depth: z.union([
    z.strictObject({ from: DtText }),
    z.strictObject({ years: z.int().positive() }),
    z.strictObject({ sessions: z.int().positive() }),
  ]),
  /** Rows a complete cell holds: one bar, the session's minutes, or one per series of the group. */
  expected_rows: z.enum(['one', 'session_minutes', 'series']),
  raw_layout: z.enum(['date', 'date-symbol']),
  partition: z.enum(['date', 'year']),
  /** New York time after which a session's data is worth collecting; ingest-tick waits for it. */
  cadence: z.strictObject({ ready_at: Clock }),
  /** A present cell is asked for again once so many sessions have closed after its own, each number once; absent: never. */
  restate: z.strictObject({ sessions: z.array(z.int().min(1).max(20)).min(1) }).optional(),
  /** Columns of a raw row, in file order; provenance columns are added to every dataset. */
  columns: z.array(Column).min(1),
  groups: z
    .record(SymbolText, z.strictObject({ series: z.array(z.strictObject({ id: SymbolText, from: DtText })).min(1) }))
    .optional(),
})

export const Datasets = z.strictObject({ datasets: z.partialRecord(DatasetName, Dataset) })

export const Universe = z.strictObject({
  symbols: z.array(z.strictObject({ symbol: SymbolText, from: DtText, to: DtText.nullable().default(null) })).min(1),
})

export const Qc = z.strictObject({
  ruleset: z.string().min(1),
  /** Rows of a minute cell against the symbol's own baseline. */
  completeness: z.strictObject({
    /** Below this share of the expected rows a cell is AMBER (MISSING_ROWS). */
    amber_below: z.number().min(0).max(1),
    /** Below this share it is RED (SHORT_SESSION). */
    red_below: z.number().min(0).max(1),
    /** Complete sessions of the symbol needed before its own baseline is believed; until then the session's minutes cannot condemn. */
    baseline_sessions: z.int().positive(),
  }),
  continuity: z.strictObject({
    /** A hole of more minutes than this inside regular hours, in a name that otherwise trades every minute, is AMBER. */
    max_gap_minutes: z.int().positive(),
    /** A name counts as trading every minute from this share of the session's minutes. */
    liquid_share: z.number().min(0).max(1),
  }),
})

export type Recency = z.infer<typeof Recency>
export type History = z.infer<typeof History>
export type VendorCapabilities = z.infer<typeof VendorCapabilities>
export type VendorConfig = z.infer<typeof Vendor>
export type VendorDatasetConfig = z.infer<typeof VendorDataset>
export type DatasetConfig = z.infer<typeof Dataset>
export type ColumnConfig = z.infer<typeof Column>
export type UniverseConfig = z.infer<typeof Universe>
export type QcConfig = z.infer<typeof Qc>

/** Everything the node is told to do; secrets are not part of it. */
export interface Config {
  vendors: Record<string, VendorConfig>
  datasets: Partial<Record<DatasetName, DatasetConfig>>
  universe: UniverseConfig['symbols']
  qc: QcConfig
}
