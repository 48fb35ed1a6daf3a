/** How much a vendor is worth for one cell of a dataset: what it will probably deliver, for what it costs. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { VendorScore } from '../../db/vendor-scores/scores.ts'
import type { Server } from './desk.ts'

/** The registry's numbers count as much as this many observed cells or calls. */
export const PRIOR_CELLS = 50
export const PRIOR_CALLS = 5

/** Rows a cell is reckoned with when planning and pricing calls. */
export const ROWS_PER_CELL = { one: 1, session_minutes: 400, series: 11, contracts: 400, events: 0.05 } as const

export interface Score {
  vendor: string
  score: number
  /** The inputs, for whoever asks why. */
  fills: number
  preference: number
  /** Share of one minute's budget that one cell costs. */
  cost: number
  latencyMs: number
  /** Cells this vendor was asked for so far: how much of the above is observed. */
  asked: number
}

/** score = P(fills) × preference ÷ (cost × latency), learned from outcomes with the registry's numbers as the prior. */
export function scoreOf({ seat, terms }: Server, spec: DatasetConfig, learned: VendorScore | undefined): Score {
  const { asked = 0, filled = 0, calls = 0, latencyMs: spent = 0 } = learned ?? {}
  const fills = (filled + PRIOR_CELLS * terms.fill_rate) / (asked + PRIOR_CELLS)
  const latencyMs = (spent + PRIOR_CALLS * terms.latency_ms) / (calls + PRIOR_CALLS)
  const cellsPerCall = Math.max(1, terms.shape.rows_per_page / ROWS_PER_CELL[spec.expected_rows])
  const cost = 1 / (cellsPerCall * seat.config.calls_per_minute)
  const score = (fills * terms.preference) / (cost * latencyMs)
  return { vendor: seat.name, score, fills, preference: terms.preference, cost, latencyMs, asked }
}
