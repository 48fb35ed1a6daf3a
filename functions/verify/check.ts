/** What a check of `verify` is: the invariant it looks at, the places it looks at one by one, and the kinds of findings it may report. */
import type { Config, DatasetConfig } from '../../config/schema.ts'
import type { Db } from '../../db/client.ts'
import type { Lake } from '../_lake/lake.ts'
import type { DatasetName } from '../_market/cell.ts'

/** How much is read: `fast` names and the database, `exact` footers and lines too, `deep` every byte and every row. Each includes those before it. */
export const MODES = ['fast', 'exact', 'deep'] as const
export type Mode = (typeof MODES)[number]

/** `info`: nothing is wrong. `warning`: damage that the node heals by itself at the next night, or a loss it has reported. `error`: data lost, or a wrong bundle. */
export const SEVERITIES = ['info', 'warning', 'error'] as const
export type Severity = (typeof SEVERITIES)[number]

export type Invariant = `I${1 | 2 | 3 | 4 | 5 | 7 | 8 | 9 | 13 | 14}`

/** What may be found, once for all findings of the kind. */
export interface FindingKind {
  invariant: Invariant
  severity: Severity
  /** What it means, as a sentence. */
  means: string
  /** What the reader does about it, as a sentence. */
  todo: string
}

/** Reports a finding: the path (relative to its root) or the cell, what was expected there, and what there is. */
export type Report<Kind extends string> = (kind: Kind, where: string, expected: string, found: string) => void

/** What the checks look at. Nothing of it is ever changed. */
export interface VerifyContext {
  config: Config
  lake: Lake
  /** Null when the database is gone or cannot be opened: checks that need it do not run. */
  db: Db | null
  /** Why there is no database, in its own words; null where there is one. */
  dbFault: string | null
  /** True while a node works on the root: what a check finds is looked at again before it is believed. */
  isLive: boolean
  /** Epoch ms. */
  now(): number
  /** Milliseconds that only grow. */
  elapsed(): number
  /** Values that must not stand in any file; empty where none are known. */
  secrets: readonly string[]
  /** What checks keep from one place to the next. */
  memo: Map<string, unknown>
}

/** The same with a database that is there. */
export interface ContextWithDb extends VerifyContext {
  db: Db
}

/** Of a check that needs the database, and of one that needs only files. Places are sorted as text; a look at one of them takes seconds at the most. */
export interface Check<Kind extends string = string, Context extends VerifyContext = ContextWithDb> {
  /** The name of its file. */
  id: string
  /** What it compares, as a sentence. */
  about: string
  /** The least thorough mode in which it runs. */
  mode: Mode
  needsDb: boolean
  kinds: Record<Kind, FindingKind>
  places(context: Context): Promise<string[]>
  /** Returns how many things were looked at. */
  look(context: Context, place: string, report: Report<Kind>): Promise<number>
}

/** The configured datasets, by name. */
export const datasetsIn = ({
  config,
}: Pick<VerifyContext, 'config'>): { dataset: DatasetName; spec: DatasetConfig }[] =>
  Object.entries(config.datasets)
    .map(([dataset, spec]) => ({ dataset: dataset as DatasetName, spec }))
    .sort((a, b) => (a.dataset < b.dataset ? -1 : 1))

/** The spec of a dataset; throws for one that is not configured. */
export function specIn({ config }: Pick<VerifyContext, 'config'>, dataset: string): DatasetConfig {
  const spec = config.datasets[dataset as DatasetName]
  if (!spec) throw new Error(`expected a configured dataset, got ${dataset}`)
  return spec
}

/** The dataset and the rest of a place such as `equities_bars/2024-07-03`. */
export function datasetOfPlace(
  context: Pick<VerifyContext, 'config'>,
  place: string,
): { dataset: DatasetName; spec: DatasetConfig; rest: string } {
  const [dataset = '', rest = ''] = place.split('/')
  return { dataset: dataset as DatasetName, spec: specIn(context, dataset), rest }
}
