/** The segment of a cell: age of its day × liquidity of its symbol. Missing data usually affects a whole segment. */
import type { Config, DatasetConfig } from '../../config/schema.ts'
import { sharesOf } from '../../db/liquidity/liquidity.ts'
import { newYorkDt } from '../_calendar/zone.ts'
import { datasetsOf } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import type { DatasetName } from '../_market/cell.ts'
import { type Dt, dayNumber } from '../_market/dt.ts'

/** `any`: of datasets where it tells nothing. */
export const LIQUIDITIES = ['liquid', 'moderate', 'thin', 'unknown', 'any'] as const
export type Liquidity = (typeof LIQUIDITIES)[number]

export const AGE_BUCKETS = ['week', 'year', 'five_years', 'fifteen_years', 'older'] as const
export type AgeBucket = (typeof AGE_BUCKETS)[number]

export interface Segment {
  ageBucket: AgeBucket
  liquidity: Liquidity
}

/**
 * Upper age of each bucket in days; a bucket begins where the one before ends. In the first week vendors are late and correct themselves;
 * every plan has one year; at five and fifteen years many histories begin or become patchy. A day moves to the next bucket as it ages.
 */
const DAYS: Record<AgeBucket, number> = {
  week: 7,
  year: 366,
  five_years: 5 * 366,
  fifteen_years: 15 * 366,
  older: Number.POSITIVE_INFINITY,
}

export function ageBucketOf(dt: Dt, today: Dt): AgeBucket {
  const age = dayNumber(today) - dayNumber(dt)
  return AGE_BUCKETS.find((ageBucket) => age < DAYS[ageBucket]) ?? 'older'
}

/** By the share of a session's minutes in which the symbol trades: nearly all, most hours, or now and then. */
export function liquidityOf(share: number | undefined): Liquidity {
  if (share === undefined) return 'unknown'
  return share >= 0.9 ? 'liquid' : share >= 0.3 ? 'moderate' : 'thin'
}

const AGE_BUCKET_TEXT: Record<AgeBucket, string> = {
  week: 'days under a week old',
  year: 'days under a year old',
  five_years: 'days under five years old',
  fifteen_years: 'days under fifteen years old',
  older: 'older days',
}

const LIQUIDITY_TEXT: Record<Liquidity, string> = {
  liquid: ', liquid symbols',
  moderate: ', symbols that trade in most hours',
  thin: ', thin symbols',
  unknown: ', symbols of unknown liquidity',
  any: '',
}

const BEFORE_SEGMENTS = 'all days, from before segments existed'

/** A segment in words. Results from before segments existed are described as covering all days. */
export const segmentText = ({ ageBucket, liquidity }: { ageBucket: string; liquidity: string }): string =>
  `${AGE_BUCKET_TEXT[ageBucket as AgeBucket] ?? BEFORE_SEGMENTS}${LIQUIDITY_TEXT[liquidity as Liquidity] ?? ''}`

/** The dataset whose minutes say how often a symbol of this one trades; null where that has no meaning, or no dataset has minutes. */
export function liquidityFrom(config: Pick<Config, 'datasets'>, dataset: DatasetName): DatasetName | null {
  const isMinutes = (spec: DatasetConfig): boolean => spec.expected_rows === 'session_minutes'
  const spec = config.datasets[dataset]
  if (spec?.timeframe === undefined) return null
  return isMinutes(spec) ? dataset : (datasetsOf(config as Config).find((one) => isMinutes(one.spec))?.dataset ?? null)
}

/** Returns the segment of each cell of one dataset at an instant, one shared object per segment. Symbols outside `symbols` have unknown liquidity. */
export async function segmentsAt(
  context: Pick<DispatchContext, 'config' | 'db'>,
  dataset: DatasetName,
  symbols: readonly string[],
  now: number,
): Promise<(cell: { symbol: string; dt: Dt }) => Segment> {
  const today = newYorkDt(now)
  const from = liquidityFrom(context.config, dataset)
  const { completeness } = context.config.qc
  const shares = from === null ? null : await sharesOf(context.db, from, symbols, completeness.baseline_sessions)
  // A plan has thousands of cells on a few days, in a few segments: each segment object is made once.
  const ageBuckets = new Map<Dt, AgeBucket>()
  const segments = new Map<string, Segment>()
  return ({ symbol, dt }) => {
    const ageBucket = ageBuckets.get(dt) ?? ageBucketOf(dt, today)
    ageBuckets.set(dt, ageBucket)
    const liquidity = shares === null ? 'any' : liquidityOf(shares.get(symbol))
    const key = `${ageBucket} ${liquidity}`
    const segment = segments.get(key) ?? { ageBucket, liquidity }
    segments.set(key, segment)
    return segment
  }
}
