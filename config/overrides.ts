/** What the environment says in place of datasets.yaml and universe.yaml. */
import { z } from 'zod'
import { calendarOf } from '../functions/_calendar/calendar.ts'
import { DATASETS, type DatasetName, SymbolText } from '../functions/_market/cell.ts'
import { isDt } from '../functions/_market/dt.ts'
import { nearest } from './nearest.ts'
import type { BackConfig, DatasetConfig, Datasets } from './schema.ts'

export interface ConfigOverrides {
  /** The depth of a dataset. */
  depth?: Partial<Record<DatasetName, BackConfig>> | undefined
  /** Of all datasets. */
  lookBack?: BackConfig | undefined
  maxTasksPerRun?: number | undefined
  symbols?: string[] | undefined
}

/** How far back, as it is written in the environment: `5y`, `60s`, `2016-01-04`. */
export const BackText = z.string().transform((text, context): BackConfig => {
  const back = backOf(text.trim())
  if (back) return back
  context.addIssue('expected years, sessions or a first day: write 5y, 60s or 2016-01-04')
  return z.NEVER
})

function backOf(text: string): BackConfig | null {
  if (isDt(text)) return { from: text }
  const [, count, unit] = /^([1-9]\d{0,4})\s*([ys])$/i.exec(text) ?? []
  if (count === undefined || unit === undefined) return null
  return unit.toLowerCase() === 'y' ? { years: Number(count) } : { sessions: Number(count) }
}

export const CountText = z
  .string()
  .trim()
  .regex(/^[1-9]\d{0,8}$/, { error: 'expected a whole number above 0: write 50000, or leave it out for no cap' })
  .transform(Number)

/** Tickers between commas or blanks, each once. */
export const SymbolsText = z.string().transform((text, context): string[] => {
  const symbols = [...new Set(text.split(/[\s,]+/).filter((symbol) => symbol !== ''))]
  const wrong = symbols.flatMap((symbol, at) => (SymbolText.safeParse(symbol).success ? [] : [at + 1]))
  if (symbols.length > 0 && wrong.length === 0) return symbols
  const which = wrong.length === 0 ? '' : `, which number ${wrong.join(', ')} is not`
  context.addIssue(`expected tickers in capitals${which}: write AAPL,MSFT,BRK.B`)
  return z.NEVER
})

/** The variable that holds the depth of a dataset. */
const depthVariable = <Name extends DatasetName>(dataset: Name) =>
  `DEPTH_${dataset.toUpperCase() as Uppercase<Name>}` as const
type DepthVariable = `DEPTH_${Uppercase<DatasetName>}`

/** The depths that variables set. */
export const depthsOf = (env: Partial<Record<DepthVariable, BackConfig | undefined>>): ConfigOverrides['depth'] =>
  Object.fromEntries(
    DATASETS.flatMap((dataset) => {
      const depth = env[depthVariable(dataset)]
      return depth === undefined ? [] : [[dataset, depth]]
    }),
  )

/** Variables that look like a depth and are none: a depth that is mistyped would be the one of the file. */
export function unknownDepths(names: readonly string[]): string[] {
  const known: string[] = DATASETS.map(depthVariable)
  return names
    .filter((name) => name.startsWith('DEPTH_') && !known.includes(name))
    .map((name) => {
      const meant = nearest(name, known)
      return `${name}: there is no such dataset: ${meant === null ? `write one of ${known.join(', ')}` : `did you mean ${meant}?`}`
    })
}

/** A first day that the dataset's calendar does not reach. */
export const depthFaults = ({ depth, calendar }: Pick<DatasetConfig, 'depth' | 'calendar'>): string[] =>
  'from' in depth && depth.from < calendarOf(calendar).first
    ? [`the calendar ${calendar} begins on ${calendarOf(calendar).first}`]
    : []

/** The datasets with what the environment says of them. */
export function withOverrides(
  file: z.output<typeof Datasets>,
  { depth = {}, lookBack, maxTasksPerRun }: ConfigOverrides,
  faults: string[],
): z.output<typeof Datasets> {
  for (const [dataset, back] of Object.entries(depth) as [DatasetName, BackConfig][]) {
    const spec = file.datasets[dataset]
    const wrong = spec ? depthFaults({ ...spec, depth: back }) : ['datasets.yaml does not have this dataset']
    faults.push(...wrong.map((message) => `${depthVariable(dataset)}: ${message}`))
  }
  const datasets = Object.entries(file.datasets).map(([name, spec]) => {
    const backfill = {
      ...spec.backfill,
      ...(lookBack === undefined ? {} : { look_back: lookBack }),
      ...(maxTasksPerRun === undefined ? {} : { max_tasks_per_run: maxTasksPerRun }),
    }
    return [name, { ...spec, depth: depth[name as DatasetName] ?? spec.depth, backfill }]
  })
  return { ...file, datasets: Object.fromEntries(datasets) as typeof file.datasets }
}
