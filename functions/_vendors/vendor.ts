/** The contract every vendor's connector fulfils, and the error by which the outside fails. */
import type { CellKey, DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import type { Fault } from '../_market/outcome.ts'
import type { ActionKind, Row } from '../_market/row.ts'

/**
 * The outside failed. The message says what was asked (path without query), what was expected and what came; it never holds
 * a key, a header or a query. `refusesKey`: the host does not take the key at all, which says nothing about what was asked. `retryAt` (epoch ms) is set when the vendor said when to come back. `sample` is the start of an
 * answer that did not fit, for a person to read.
 */
export class VendorError extends Error {
  readonly vendor: string
  readonly fault: Fault
  readonly status: number | null
  readonly retryAt: number | null
  readonly sample: string | null
  readonly refusesKey: boolean
  readonly host: 'data' | 'trading'
  constructor(vendor: string, fault: Fault, message: string, more: VendorErrorDetails = {}) {
    super(message)
    this.name = 'VendorError'
    this.vendor = vendor
    this.fault = fault
    this.status = more.status ?? null
    this.retryAt = more.retryAt ?? null
    this.sample = more.sample ?? null
    this.refusesKey = more.refusesKey ?? false
    this.host = more.host ?? 'data'
  }
}

export interface VendorErrorDetails {
  status?: number | null
  retryAt?: number | null
  sample?: string | null
  refusesKey?: boolean
  /** Which of the vendor's hosts was asked; absent: the data host. */
  host?: 'data' | 'trading'
}

/** One open cell that a plan may answer. `expectedRows` is null where the node does not know yet. */
export interface Want {
  symbol: string
  dt: Dt
  expectedRows: number | null
}

/** The registry's limits of one (vendor, dataset), from config/vendor_capabilities.yaml. */
export interface CallShape {
  feed: string
  /** Rows a page may hold (Alpaca: rows of all symbols; Massive: base bars; FRED: observations). */
  rowsPerPage: number
  /** Symbols one call may name; 1 where the symbol is part of the path. */
  symbolsPerCall: number
  /** Pages one plan may need at the most: bounds the time of one dispatch. */
  pagesPerPlan: number
}

/** The names of a symbol whose ticker was not always the canonical one, or that is no longer listed. */
export interface Names {
  /** Its last day; null while it lives. After it the ticker may belong to somebody else. */
  until: Dt | null
  /** Earlier tickers, oldest first, each with its last day. */
  was: { symbol: string; to: Dt }[]
}

/** What a connector needs to know about the dataset, beside the wants. */
export interface PlanTerms {
  dataset: DatasetName
  shape: CallShape
  now: number
  /**
   * Set when the running session is read: bars that end later (epoch ms) may still change and are not answered, and a cell counts as
   * answered although its session is not over.
   */
  settledUntil: number | null
  /** How long a bar lasts; null for datasets without bars. */
  timeframe: 'day' | 'minute' | null
  /** Options: contracts that expire within so many calendar days of a session belong to its cell. */
  expireWithinDays: number
  /** Corporate actions: whether the names a symbol had are asked for as well, where that costs a call a symbol. */
  tickerEvents: boolean
  /** Only symbols with something to say; all others always had their canonical name and still live. */
  names: Record<string, Names>
  /** For macro_treasury: the series of the symbol (a series group), e.g. { UST: ['DGS1MO', …] }. */
  series: Record<string, string[]>
  /**
   * Set where more cells wait than a plan is offered: the symbols they may be of. A list that is asked for many symbols and days then names them all,
   * and the plan says what it covers. Absent: all that wait are offered.
   */
  backlog?: readonly string[]
}

/** One request to a vendor that answers many cells at once: data, so that it can be shown without being sent. */
export interface CallPlan {
  vendor: string
  dataset: DatasetName
  /** The cells this plan answers, every one of them a want it was given; the head is always among them. */
  wants: Want[]
  /** Pages expected; the true number shows only while asking. */
  expectedCalls: number
  /** The request in the connector's own terms; JSON, no secrets. */
  request: unknown
  feed: string
  /**
   * Pages after which asking stops although there are more, so that every page is a full one where the rows of a cell cannot be known
   * before: what was served to the end is settled, the rest is queued again. Absent: the plan is asked to its end.
   */
  stopsAfter?: number
  /**
   * True where one plan may need more calls than a minute's budget holds. Its pages are kept until the whole plan is answered, so
   * that asking again goes on where the budget ended; every address must then be the same when the plan is made again.
   */
  isResumable?: boolean
  /** Cells that the request asks for, wanted or not, so that other plans may be answered from its pages. Absent: nobody else is. */
  covers?: { symbols: string[]; from: Dt; to: Dt }
  /**
   * Of which events a complete answer speaks: one that it lacks is then withdrawn. `kinds`: those that the vendor lists; `processed`: the days on which
   * they are paid (or, without such a day, take effect) that the request spans. Absent, or without a bound: all of its cells.
   */
  speaksFor?: { kinds?: readonly ActionKind[]; processed?: { from: Dt; to: Dt } }
}

/** What came back. A cell is in exactly one of `complete`, `faults`, or neither (then `interruption` says why it was not answered). */
export interface Answer {
  /** Rows by cell, only for cells in `complete`; every row that was served, duplicates too, in the order served. */
  rows: Map<CellKey, Row[]>
  /** Cells answered to the end. One that has no rows here was answered as empty. */
  complete: Set<CellKey>
  /** Cells refused or unusable on their own account (a poison symbol, a row that does not parse). */
  faults: Map<CellKey, VendorError>
  /** Why asking stopped before the end; null when the whole plan was answered. */
  interruption: VendorError | null
  /** Rows for no cell of the plan (a weekend, a symbol not asked for): counted, sampled, never stored. */
  unrequested: { symbol: string; dt: Dt; rows: number }[]
  /** Requests sent. */
  calls: number
}

/** One HTTP GET, already authorised, bounded and metered: the budget is taken before the request leaves. Throws only VendorError. */
export type Get = (request: {
  path: string
  query: Record<string, string>
  /** Absent: the vendor's data host. */
  host?: 'trading'
  /** Absolute URL that replaces path and query (a vendor's next_url); refused unless its host is the vendor's own. */
  url?: string
}) => Promise<HttpAnswer>

export interface HttpAnswer {
  status: number
  contentType: string
  headers: Record<string, string>
  body: string
  /** Served from what was kept of an earlier asking: nothing was sent. */
  isCached?: true
}

export interface Connector {
  name: string
  datasets: readonly DatasetName[]
  /** Environment variables that must be set before anything is sent. */
  secrets: readonly string[]
  /** How a request proves who we are; pure. */
  authorise(secrets: Record<string, string>): { headers: Record<string, string>; query: Record<string, string> }
  /**
   * The plan that answers `head` and as many of `others` as one plan can; deterministic for the same input.
   * `others` are sorted by dt, then symbol, and never contain the head.
   */
  plan(head: Want, others: readonly Want[], terms: PlanTerms): CallPlan
  /** Sends the plan page by page. Never throws VendorError: what failed is in the answer. */
  ask(plan: CallPlan, terms: PlanTerms, get: Get): Promise<Answer>
  /** The fault of a non-2xx answer, by the vendor's own table of errors. */
  classify(answer: HttpAnswer): VendorError
  /** One cheap request that a vendor answers to any key it takes. Its answer is not read. */
  keyCheck: Parameters<Get>[0]
  /** The vendor's own list of sessions with from <= dt <= to, one call; absent where it has none. Compared with our calendar, never used instead. */
  sessions?(from: Dt, to: Dt, get: Get): Promise<VendorSession[] | VendorError>
  /** What the vendor's reference lists say of symbols; absent where it has none. */
  references?: ReferenceSource
}

/**
 * What a vendor can be asked about symbols: which are listed now, when one was delisted, one's first day, one's earlier tickers. The first two are lists,
 * the others cost a call a symbol.
 */
export type ReferenceQuestion = 'listed' | 'delisted' | 'details' | 'names'

export interface ReferenceSource {
  /** The questions the vendor can be asked, in the order in which they are. */
  questions: readonly ReferenceQuestion[]
  /**
   * One call. Returns a statement for every symbol of `wants` that the call answered, which may be no more than the first of them: the rest takes
   * further calls. A VendorError as a value where it failed. `wants` is not empty.
   */
  ask(question: ReferenceQuestion, wants: readonly ReferenceWant[], get: Get): Promise<SymbolReference[] | VendorError>
}

export interface ReferenceWant {
  symbol: string
  /** The day as of which details are asked: of a delisted symbol one while it was listed; null for today. */
  asOf: Dt | null
}

/** What a vendor says of a symbol, and no more than that: a field that is absent states nothing. */
export interface SymbolReference {
  symbol: string
  /** Whether the list of listed tickers has it. That it lacks it proves nothing: such lists have holes. */
  isListed?: boolean
  name?: string
  type?: string
  exchange?: string
  compositeFigi?: string
  cik?: string
  listedFrom?: Dt
  delistedOn?: Dt
  /** Oldest first, each with the last day before the next one. */
  earlierTickers?: { symbol: string; to: Dt }[]
}

/** A session as a vendor's calendar states it, epoch ms. */
export interface VendorSession {
  dt: Dt
  open: number
  close: number
}
