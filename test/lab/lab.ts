/** The vendor lab: real HTTP servers that speak like Alpaca, Massive and FRED, oddities, walls and budgets included. */
import type { DatasetName } from '../../functions/_market/cell.ts'
import { type ActionSource, NO_ACTIONS } from './action-source.ts'
import { alpacaDialect } from './alpaca.ts'
import { fredDialect } from './fred.ts'
import { massiveDialect } from './massive.ts'
import type { ListFaults } from './massive-reference.ts'
import { NO_OPTIONS, type OptionSource } from './option-source.ts'
import type { Dialect } from './reply.ts'
import { type BarSource, NO_BARS, NO_YIELDS, type YieldSource } from './source.ts'
import { type LabVendor, openVendor, type SentAnswer, type VendorServer } from './vendor-server.ts'

export type { ActionSource, LabAction } from './action-source.ts'
export type { FaultMode } from './fault-modes.ts'
export type { LabContract, OptionSource } from './option-source.ts'
export type { BarSource, LabBar, LabSplit, Observation, Revision, YieldSource } from './source.ts'
export type { LabVendor, SentAnswer, VendorStats } from './vendor-server.ts'

export type LabVendorName = 'alpaca' | 'massive' | 'fred'

export interface LabKeys {
  alpaca: { id: string; secret: string }
  massive: string
  fred: string
}

/** Keys the lab accepts unless told otherwise. Nobody else does. */
export const LAB_KEYS: LabKeys = {
  alpaca: { id: 'LABKEYALPACA00000001', secret: 'lab-alpaca-secret-0000000000000000000001' },
  massive: 'lab_massive_key_00000000000000001',
  fred: 'labfredkey0000000000000000000001',
}

/** Requests in any 60 seconds, as the free plans have them. */
export const LAB_LIMITS = { alpaca: 200, massive: 5, fred: 120 } as const

export interface Death {
  vendor: LabVendorName
  dataset: DatasetName
  dt: string
  /** Answers that speak for later days than this do not kill; absent: all do. */
  until?: string
}

export interface LabOptions {
  /** The lab's clock, epoch ms; may be shared and virtual. What lies in its future does not exist yet. */
  now: () => number
  /** Drives everything that looks random about the servers; sources have their own. */
  seed: number
  /** basic: the free plans' walls of history and recency. open: neither wall; budgets stay. */
  plan: 'basic' | 'open'
  /** Where a vendor's numbers come from; absent: a vendor that knows no symbol. */
  alpaca?: BarSource
  massive?: BarSource
  fred?: YieldSource
  /** Corporate actions and options; absent: a vendor that has none. The same source may serve both. */
  actions?: { alpaca?: ActionSource; massive?: ActionSource }
  options?: { alpaca?: OptionSource; massive?: OptionSource }
  /** What is wrong with Massive's list of tickers; absent: nothing. */
  listFaults?: ListFaults
  /** Treasury yields at Massive; absent: those of `fred`. */
  massiveYields?: YieldSource
  keys?: LabKeys
  limits?: Partial<Record<LabVendorName, number>>
  /** Absent: any free ones. */
  ports?: Record<LabVendorName, number>
  /** Whether the natural 429 carries Retry-After; measured vendors send none, so the default is false. */
  retryAfter?: boolean
  /** Well-formed symbols that Alpaca refuses, and with them the whole batch. */
  poison?: readonly string[]
  /**
   * A vendor dies with the first answer about `dataset` that speaks for `dt` or a later day: that request and all later ones
   * get their connection reset. A page that ends before `dt` does not kill.
   */
  deaths?: readonly Death[]
  /** Vendors that died earlier, as the caller remembers them. */
  dead?: readonly string[]
  /** Called once when a death comes due. */
  onDeath?: (vendor: LabVendorName) => void
  /** Called with every answer that is sent: what a vendor served, for comparison with what was written. */
  onAnswer?: (vendor: LabVendorName, answer: SentAnswer) => void
}

export interface Lab {
  alpaca: LabVendor
  massive: LabVendor
  fred: LabVendor
  /** Ends all servers and their kept connections. */
  close(): Promise<void>
}

/** Starts the three servers on 127.0.0.1. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const { now, seed, plan, keys = LAB_KEYS, poison = [] } = options
  const opened: VendorServer[] = []
  const open = async (vendor: LabVendorName, dialect: Dialect): Promise<VendorServer> => {
    const server = await openVendor({
      dialect,
      now,
      perMinute: options.limits?.[vendor] ?? LAB_LIMITS[vendor],
      port: options.ports?.[vendor] ?? 0,
      retryAfter: options.retryAfter ?? false,
      deaths: (options.deaths ?? []).filter((death) => death.vendor === vendor),
      dead: options.dead?.includes(vendor) ?? false,
      onDeath: () => options.onDeath?.(vendor),
      onAnswer: options.onAnswer && ((answer) => options.onAnswer?.(vendor, answer)),
    })
    opened.push(server)
    return server
  }
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((server) => server.close()))
  }
  try {
    const alpaca = await open(
      'alpaca',
      alpacaDialect({
        source: options.alpaca ?? NO_BARS,
        actions: options.actions?.alpaca ?? NO_ACTIONS,
        options: options.options?.alpaca ?? NO_OPTIONS,
        keys: keys.alpaca,
        plan,
        seed,
        poison,
      }),
    )
    const massive = await open(
      'massive',
      massiveDialect({
        source: options.massive ?? NO_BARS,
        actions: options.actions?.massive ?? NO_ACTIONS,
        options: options.options?.massive ?? NO_OPTIONS,
        listFaults: options.listFaults ?? {},
        yields: options.massiveYields ?? options.fred ?? NO_YIELDS,
        key: keys.massive,
        plan,
      }),
    )
    const fred = await open('fred', fredDialect({ source: options.fred ?? NO_YIELDS, key: keys.fred, plan }))
    return { alpaca, massive, fred, close }
  } catch (error) {
    await close()
    throw error
  }
}
