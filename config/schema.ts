/** The shape of every file under config/, strict: an unknown key is a mistake, not a wish. */
import { z } from 'zod'
import { calendarOf } from '../functions/_calendar/calendar.ts'
import { isZone } from '../functions/_calendar/zone-name.ts'
import { DatasetName, SymbolText } from '../functions/_market/cell.ts'
import { DtText } from '../functions/_market/dt.ts'
import { REASON_CODES } from '../functions/_market/reason-code.ts'

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

/** False: a dataset is not collected; a vendor is never called, for this dataset or for any. */
const Enabled = z.boolean().optional()

const VendorDataset = z.strictObject({
  enabled: Enabled,
  feed: z.string().min(1),
  entitled: z.boolean().default(true),
  history: History,
  recency: Recency,
  /** Minutes after which a bar of the running session may be asked for; absent: the plan has nothing before the day is over. */
  running_delay_minutes: z.int().min(0).max(120).optional(),
  /** Weight of this vendor among those that can fill a cell; the higher wins. */
  preference: z.number().positive().max(100),
  /** Prior belief, until outcomes teach better: the share of asked cells that come back filled. */
  fill_rate: z.number().gt(0).max(1),
  latency_ms: z.number().positive(),
  /** Massive, corporate actions: whether the names of each symbol are asked for as well, one call a symbol and plan. */
  ticker_events: z.boolean().default(false),
  shape: z.strictObject({
    rows_per_page: z.int().positive(),
    symbols_per_call: z.int().positive(),
    pages_per_plan: z.int().positive(),
  }),
})

/** What a vendor's reference lists are asked about symbols, and how often; absent numbers are those of functions/_references/ask-vendors.ts. */
const References = z.strictObject({
  /** Calls a night for its lists of listed and delisted tickers; 0: never. */
  list_calls_per_night: z.int().min(0).optional(),
  /** Calls a night for questions that cost a call a symbol; 0: never. */
  symbol_calls_per_night: z.int().min(0).optional(),
  /** Whether a symbol's first day is asked for, where the universe states none. */
  details: z.boolean().optional(),
  /** Whether a symbol's earlier tickers are asked for, where the universe states none. */
  names: z.boolean().optional(),
})

const LIMITS = ['calls_per_minute', 'calls_per_day', 'today_share'] as const

const VendorEntry = z.strictObject({
  enabled: Enabled,
  /** The connector that speaks to it; absent: the one of the vendor's own name. Two entries may share one, each with its own feed. */
  connector: z.string().optional(),
  /** The vendor whose keys it uses, and with them its calls: an entry with an account has no limits of its own. */
  account: z.string().optional(),
  base_url: z.url({ protocol: /^https?$/ }),
  /** A second host with a budget of its own, where the vendor has one (Alpaca: calendar and option contracts). */
  trading_url: z.url({ protocol: /^https?$/ }).optional(),
  calls_per_minute: z.int().min(0).optional(),
  calls_per_day: z.int().min(0).nullable().optional(),
  /** Share of the calls per minute that only lane `today` may take. */
  today_share: z.number().min(0).max(0.9).optional(),
  references: References.optional(),
  datasets: z.partialRecord(DatasetName, VendorDataset),
})

const Vendor = VendorEntry.superRefine((vendor, context) => {
  for (const limit of LIMITS) {
    const isGiven = vendor[limit] !== undefined
    if (isGiven === (vendor.account === undefined)) continue
    const message = isGiven
      ? `the limits are those of ${vendor.account}: leave it out`
      : 'expected the limit of this vendor'
    context.addIssue({ code: 'custom', path: [limit], message })
  }
})

export const VendorCapabilities = z.strictObject({
  vendors: z.record(z.string().regex(/^[a-z][a-z0-9_]*$/), Vendor),
})

const Column = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]*$/),
  type: z.enum(['instant', 'double', 'integer', 'text', 'day']),
  optional: z.boolean().default(false),
})

/** A first day: a date, or as many years or sessions before the as-of day. */
export const Back = z.union([
  z.strictObject({ from: DtText }),
  z.strictObject({ years: z.int().positive() }),
  z.strictObject({ sessions: z.int().positive() }),
])

/** How what is missing of a dataset is worked off. */
const Backfill = z.strictObject({
  /** Which day of the backlog comes first. */
  order: z.enum(['oldest-first', 'newest-first']).default('oldest-first'),
  /** Gaps before this day are told, but not queued; absent: all of the depth is. */
  look_back: Back.optional(),
  /** Gaps and re-checks one audit queues at the most; absent: as many as the queue holds. */
  max_tasks_per_run: z.int().positive().optional(),
  /** Gaps in the months of so many newest sessions come before older ones; 0: no such difference. */
  recent_sessions: z.int().min(0).max(20_000).default(60),
})

const DatasetEntry = z.strictObject({
  enabled: Enabled,
  calendar: z.enum(['xnys', 'fed']),
  /** `symbols`: the universe's symbols. `groups`: the series groups below. */
  universe: z.enum(['symbols', 'groups']),
  /** The first day wanted. */
  depth: Back,
  backfill: Backfill.prefault({}),
  /**
   * Rows a complete cell holds: one bar, the session's minutes, one per series of the group; `contracts`: bars of however many
   * contracts traded; `events`: whatever happened, and that nothing did is an answer too.
   */
  expected_rows: z.enum(['one', 'session_minutes', 'series', 'contracts', 'events']),
  /** Columns that tell the rows of a cell apart, in the order in which they are sorted. */
  key: z.array(z.string()).min(1),
  /** Bars only: how long one lasts. */
  timeframe: z.enum(['day', 'minute']).optional(),
  /** Collected of these symbols of the universe only; absent: of all. */
  only: z.array(SymbolText).min(1).optional(),
  /** Options only: contracts that expire within so many calendar days of the session are collected. */
  contracts: z.strictObject({ expire_within_days: z.int().min(0).max(4000) }).optional(),
  /** Minutes only: which of them the curated file holds. Raw files keep all, so the other choice is a rebuild and costs no call. */
  sessions: z.enum(['all', 'regular']).default('all'),
  raw_layout: z.enum(['date', 'date-symbol', 'date-underlier']),
  /** Raw files of closed months that hold one cell each become one file a day and vendor. */
  compact_raw: z.boolean().default(true),
  partition: z.enum(['date', 'year']),
  /** New York time after which a session's data is worth collecting; ingest-tick waits for it. */
  cadence: z.strictObject({
    ready_at: Clock,
    /** Minute bars of the running session are read at each tick once they are so many seconds old; absent: not before the close. */
    settled_after_seconds: z.int().min(30).max(3600).optional(),
  }),
  /** A present cell is asked for again once so many sessions have closed after its own, each number once; absent: never. */
  restate: z.strictObject({ sessions: z.array(z.int().min(1).max(20)).min(1) }).optional(),
  /** Columns of a raw row, in file order; provenance columns are added to every dataset. */
  columns: z.array(Column).min(1),
  groups: z
    .record(SymbolText, z.strictObject({ series: z.array(z.strictObject({ id: SymbolText, from: DtText })).min(1) }))
    .optional(),
})

/** What the node itself notes of each event: the as-of day of the night that accepted it, and of the one whose answer no longer had it. */
const NOTED: z.output<typeof Column>[] = [
  { name: 'first_seen', type: 'day', optional: true },
  { name: 'withdrawn', type: 'day', optional: true },
]

const Dataset = DatasetEntry.transform((entry) =>
  entry.expected_rows === 'events' ? { ...entry, columns: withNoted(entry.columns) } : entry,
)

const withNoted = (columns: z.output<typeof Column>[]): z.output<typeof Column>[] => [
  ...columns.filter(({ name }) => !NOTED.some((noted) => noted.name === name)),
  ...NOTED,
]

/** When a session that symbols lack counts as one incident rather than as so many gaps. */
const Incidents = z.strictObject({
  /** The least share of the symbols that have data around the day, and the least number of cells. */
  share: z.number().gt(0).max(1).default(0.5),
  min_cells: z.int().min(2).default(20),
})

/** Room on a disk: so many gigabytes (10^9 bytes), or so many percent of it where that is less. */
const Watermark = z.strictObject({ gb: z.number().min(0), percent: z.number().min(0).max(50) })

/** What stops as the room on the data volume or the export volume shrinks, one after the other. */
const Disk = z
  .strictObject({
    stop_backfill_below: Watermark.default({ gb: 2, percent: 5 }),
    /** Finished work, litter and samples of bad answers are removed. */
    prune_below: Watermark.default({ gb: 1, percent: 3 }),
    /** The datasets of lowest priority are not collected any more. */
    stop_datasets_below: Watermark.default({ gb: 0.5, percent: 2 }),
    lowest_priority: z.array(DatasetName).default(['options_bars', 'equities_bars_minute']),
    /** No vendor is called any more. */
    stop_calls_below: Watermark.default({ gb: 0.1, percent: 1 }),
  })
  .superRefine((disk, context) => {
    const order = ['stop_backfill_below', 'prune_below', 'stop_datasets_below', 'stop_calls_below'] as const
    for (const [at, name] of order.entries()) {
      const before = order[at - 1]
      if (before === undefined) continue
      if (disk[name].gb <= disk[before].gb && disk[name].percent <= disk[before].percent) continue
      context.addIssue({ code: 'custom', path: [name], message: `lies above ${before}, which comes first` })
    }
  })

/** The nightly look at raw files. A budget smaller than a fortieth of a dataset's files leaves some unread for more than forty nights. */
export const Scrub = z.strictObject({
  /** Bytes of each dataset read in one night; absent: all files whose turn it is, which is a fortieth of them. */
  bytes_per_night: z.int().min(1).optional(),
})

/** Of what is made each day: the newest days, then the newest of so many weeks, then of so many months. */
const Kept = z.strictObject({
  daily: z.int().min(1).default(14),
  weekly: z.int().min(0).default(8),
  monthly: z.int().min(0).default(24),
})

/** How long is kept what nobody needs any more; the sweep removes the rest. */
const Retention = z.strictObject({
  bundles: Kept.prefault({}),
  /** Snapshots of a backup. */
  backups: Kept.prefault({}),
  /** A bundle younger than this stays, and so does one that nobody has acknowledged for as long. */
  grace_days: z.int().min(1).default(7),
  held_back_days: z.int().min(1).default(30),
  /** Raw files that were set aside as damaged. */
  damaged_days: z.int().min(1).default(90),
  /** Samples of answers that were no data. */
  quarantine_days: z.int().min(1).default(180),
})

export const Datasets = z.strictObject({
  datasets: z.partialRecord(DatasetName, Dataset),
  incidents: Incidents.prefault({}),
  disk: Disk.prefault({}),
  /** The queue's working set: gaps beyond are brought in as it drains. */
  max_open_tasks: z.int().min(2).default(250_000),
  scrub: Scrub.prefault({}),
  retention: Retention.prefault({}),
})

const Listed = z
  .strictObject({
    symbol: SymbolText,
    /** Left out: the calendar's first day, until a vendor's reference lists state a better one. */
    from: DtText.optional(),
    to: DtText.nullable().default(null),
    /** Names the company traded under before, oldest first, each with its last day. */
    was: z.array(z.strictObject({ symbol: SymbolText, to: DtText })).optional(),
  })
  .transform(({ symbol, from, ...rest }): Listing => {
    return from === undefined
      ? { symbol, from: calendarOf('xnys').first, ...rest, undated: true }
      : { symbol, from, ...rest }
  })

/** A symbol of the universe with its first and last day, both inclusive. */
export interface Listing {
  symbol: string
  from: string
  /** Null while it lives. */
  to: string | null
  was?: { symbol: string; to: string }[] | undefined
  /** No first day is stated: what vendors' reference lists state applies. */
  undated?: true
}

/** A plain ticker stands for a symbol without dates. */
const ListingOrTicker = z.preprocess(
  (entry) => (typeof entry === 'object' && entry !== null ? entry : { symbol: entry }),
  Listed,
)

export const Universe = z.strictObject({ symbols: z.array(ListingOrTicker).min(1) })

/**
 * Daily bars against those around them. Moves are natural logarithms (0.1 is about 10 %); `gaps` and `scales` are multiples of what is usual for the
 * symbol. An entry that is left out has its default; the reasons stand in config/qc.yaml.
 */
const Daily = z.strictObject({
  move_undone: z
    .strictObject({
      /** Smallest move, and smallest in the symbol's own overnight gaps; `both_gaps` where the bar came and went overnight. */
      move: z.number().positive().default(0.03),
      gaps: z.number().positive().default(4.2),
      both_gaps: z.number().positive().default(3.2),
      /** Share of the move that need not be undone. */
      rest: z.number().min(0).default(0.3),
      /** From this share of the other symbols with such a move on, only moves twice as large count. */
      market_share: z.number().min(0).max(1).default(0.2),
    })
    .prefault({}),
  bad_print: z
    .strictObject({
      wick: z.number().positive().default(0.08),
      beyond_neighbours: z.number().positive().default(0.06),
      scales: z.number().positive().default(3.6),
      open: z.number().positive().default(0.03),
      open_rest: z.number().min(0).default(0.4),
      /** From this far beyond the neighbours, and so many scales, a bar is RED. */
      red_from: z.number().positive().default(0.45),
      red_scales: z.number().positive().default(8),
    })
    .prefault({}),
  other_scale: z
    .strictObject({
      /** Smallest shift of one bar whatever its ratio, and smallest by the ratio of a split that comes later. */
      shift: z.number().positive().default(1.1),
      split: z.number().positive().default(0.3),
      from_split: z.number().min(0).default(0.05),
      /** How far the bars before and after may be apart, their usual ranges aside. */
      rest: z.number().min(0).default(0.15),
    })
    .prefault({}),
  untold_split: z
    .strictObject({
      step: z.number().positive().default(0.3),
      gaps: z.number().positive().default(6),
      from_ratio: z.number().min(0).default(0.02),
      /** Below this step it must be `small_gaps` of the symbol's gaps, and volume must not have grown by `news_volume` (a logarithm). */
      large: z.number().positive().default(0.65),
      small_gaps: z.number().positive().default(9),
      news_volume: z.number().positive().default(1.8),
    })
    .prefault({}),
  long_silence: z.strictObject({ sessions: z.int().positive().default(20) }).prefault({}),
  partial_volume: z
    .strictObject({
      /** How far below the symbol's median (a logarithm), and below the lowest tenth of its days. */
      drop: z.number().positive().default(2.3),
      below_low: z.number().min(0).default(1.2),
    })
    .prefault({}),
})

const share = z.number().positive()
const count = z.int().positive()

/**
 * Minute bars against the minutes around them, the session before and their daily bar. Shares are of a price: 0.05 is 5 %. What is left out has its
 * default; the reasons stand in config/qc.yaml.
 */
const Minute = z.strictObject({
  /** Smallest share, smallest multiple of the day's median range, and the share from which on the cell is RED. */
  spike: z
    .strictObject({ share: share.default(0.03), ranges: share.default(12), red_from: share.default(0.5) })
    .prefault({}),
  wick: z
    .strictObject({ share: share.default(0.03), ranges: share.default(12), red_from: share.default(0.5) })
    .prefault({}),
  /** Longest run of minutes with the prices of the one before, and with its volume too. */
  stale: z.strictObject({ prices: count.default(45), copies: count.default(10) }).prefault({}),
  /** Fewest bars, and how much larger the steps between minutes are than with open and close the other way round. */
  swapped: z.strictObject({ bars: count.default(60), steps: share.default(1.25) }).prefault({}),
  /** Fewest bars, fewest minutes missing before the close, and the share of the daily bar's volume that counts as all of it. */
  session_cut: z
    .strictObject({ bars: count.default(15), tail_minutes: count.default(20), whole_volume: share.default(0.97) })
    .prefault({}),
  repeated_session: z.strictObject({ bars: count.default(20) }).prefault({}),
  /** Fewest rows in the hour outside, and the largest share of them in the hour that lost its own. */
  shifted_hour: z.strictObject({ rows: count.default(40), rest: share.default(0.5) }).prefault({}),
  /** Fewest bars, smallest shift, and the shift (a logarithm) from which on the session before decides whether the minutes are wrong or the daily bar. */
  daily_price: z
    .strictObject({ bars: count.default(20), shift: share.default(0.01), large: share.default(0.1) })
    .prefault({}),
  daily_volume: z.strictObject({ least: share.default(0.7), most: share.default(1.15) }).prefault({}),
  /** Fewest bars, smallest factor to the session before, and how near a daily bar must be to agree with it. */
  step: z
    .strictObject({ bars: count.default(20), factor: share.default(20), daily_shift: share.default(0.1) })
    .prefault({}),
})

/** Treasury yields, in percentage points. What is left out has its default; the reasons stand in config/qc.yaml. */
const Yields = z.strictObject({
  /** Most that a value may be off both the day before and the day after. */
  move_undone: share.default(1.1),
  /** Most that a value may be off the line between the maturities beside it. */
  kink: share.default(1.5),
  /** Fewest values that, all equal to those of the day before, are a repeated curve. */
  repeated_values: count.default(8),
})

/**
 * Two vendors' versions of one cell. Margins are logarithms (0.01 is 1 %), `scatters` multiples of how much a ratio scatters. What is left out has its
 * default; the reasons stand in config/qc.yaml.
 */
const Second = z.strictObject({
  /** Farthest that prices may be apart: as they are, and of the symbol's usual range. */
  price: z.strictObject({ margin: share.default(0.01), of_range: share.default(0.25) }).prefault({}),
  /** How near open and close must be to each other's column, how far from their own, and how many times as far. */
  swapped: z
    .strictObject({ crosswise: share.default(0.005), straight: share.default(0.004), times: share.default(3) })
    .prefault({}),
  volume: z.strictObject({ margin: share.default(0.4), scatters: share.default(6) }).prefault({}),
  rows: z.strictObject({ margin: share.default(0.1), scatters: share.default(6) }).prefault({}),
  /** How much more one version must leave its neighbours and return: in the symbol's scales, and as a share of what the versions are apart. */
  believed: z
    .strictObject({
      excursion_scales: share.default(4),
      excursion_share: share.default(0.5),
      /** How much nearer to the usual volume the believed one must be. */
      volume_excursion: share.default(1.4),
    })
    .prefault({}),
})

/** For how much a second vendor is asked. Judges nothing, so it is no part of the ruleset. */
const Asking = z.strictObject({
  /** AMBER cells of one judgement. */
  doubts: z.int().min(0).default(25),
  /** Share of the symbols of a night's newest session, and symbols whose whole history is asked for where one call holds it. */
  sample_share: z.number().min(0).max(1).default(0.02),
  sample_histories: z.int().min(0).max(20).default(1),
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
  daily: Daily.prefault({}),
  minute: Minute.prefault({}),
  yields: Yields.prefault({}),
  second: Second.prefault({}),
  asking: Asking.prefault({}),
})

export const WEBHOOK_FORMATS = ['json', 'ntfy', 'slack', 'discord'] as const

const WallTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'expected a time of day as "HH:MM"' })

/** Who hears how the nights go; the addresses are secrets and come from the environment. */
export const Notifications = z.strictObject({
  /** How this node is called in messages; absent: the name of the machine. */
  node: z
    .string()
    .regex(/^[^\p{C}]{1,60}$/u, { error: 'expected a name of 1 to 60 characters in one line' })
    .optional(),
  webhook: z
    .strictObject({
      format: z.enum(WEBHOOK_FORMATS).default('json'),
      /** Reasons of which no message is sent. */
      leave_out: z.array(z.enum(REASON_CODES)).default(['vendor_out']),
    })
    .prefault({}),
  /** Messages of these hours go out as one when they end. */
  quiet_hours: z
    .strictObject({
      from: WallTime,
      to: WallTime,
      timezone: z.string().refine(isZone, { error: 'expected a time zone such as America/New_York' }),
    })
    .refine(({ from, to }) => from !== to, { path: ['to'], error: 'equals from: these hours would never end' })
    .optional(),
})

export type Recency = z.infer<typeof Recency>
export type History = z.infer<typeof History>
export type VendorCapabilities = z.infer<typeof VendorCapabilities>
type VendorEntry = z.infer<typeof VendorEntry>
/** An entry with its limits, whoever's they are. */
export type VendorConfig = Omit<VendorEntry, (typeof LIMITS)[number]> & {
  [Limit in (typeof LIMITS)[number]]: Exclude<VendorEntry[Limit], undefined>
}
export type VendorDatasetConfig = z.infer<typeof VendorDataset>
export type BackConfig = z.infer<typeof Back>
export type DatasetConfig = z.infer<typeof Dataset>
export type ColumnConfig = z.infer<typeof Column>
export type QcConfig = z.infer<typeof Qc>
export type NotificationsConfig = z.infer<typeof Notifications>

/** Everything the node is told to do; secrets are not part of it. */
export interface Config {
  vendors: Record<string, VendorConfig>
  datasets: Partial<Record<DatasetName, DatasetConfig>>
  /** Datasets with `enabled: false`. */
  disabledDatasets: Partial<Record<DatasetName, DatasetConfig>>
  /** Entries with `enabled: false`, by their path. Datasets among them are left out of `datasets`; no vendor among them is connected. */
  disabled: string[]
  incidents: z.infer<typeof Incidents>
  maxOpenTasks: number
  disk: z.infer<typeof Disk>
  scrub: z.infer<typeof Scrub>
  retention: z.infer<typeof Retention>
  universe: Listing[]
  /** The universe as the files state it, once `universe` is what vendors' reference lists made of it. */
  stated?: Listing[]
  qc: QcConfig
  notifications: NotificationsConfig
}
