/** What the configuration allows: datasets, and the vendors that serve each. */
import type { Config, DatasetConfig, VendorDatasetConfig } from '../../config/schema.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Names } from '../_vendors/vendor.ts'
import type { DispatchContext, VendorConnection } from './context.ts'

export interface DatasetSource {
  connection: VendorConnection
  terms: VendorDatasetConfig
}

/** The configured datasets with their specs, in the order of the configuration. */
export const datasetsOf = (config: Config): { dataset: DatasetName; spec: DatasetConfig }[] =>
  Object.entries(config.datasets).map(([dataset, spec]) => ({ dataset: dataset as DatasetName, spec }))

/** The vendors that list a dataset and may be asked for it at all: entitled, keys set, calls allowed. */
export function sourcesFor(context: Pick<DispatchContext, 'vendors'>, dataset: DatasetName): DatasetSource[] {
  return context.vendors.flatMap((connection) => {
    const terms = connection.config.datasets[dataset]
    const mayCall = connection.config.calls_per_minute > 0 && connection.config.calls_per_day !== 0
    const usable = terms?.entitled && connection.missing.length === 0 && mayCall
    return usable ? [{ connection, terms }] : []
  })
}

/**
 * Whose data a vendor shows. Two entries that share an account or a connector (a second feed) speak for one house: when both say that
 * there is nothing, one witness has spoken twice.
 */
export const providerOf = ({ vendors }: Pick<DispatchContext, 'vendors'>, connection: VendorConnection): string =>
  (vendors.find(({ name }) => name === connection.config.account) ?? connection).connector.name

/** All vendors that list a dataset, the preferred one first: which version of a cell wins. */
export const preferenceOrder = (config: Config, dataset: DatasetName): string[] =>
  Object.entries(config.vendors)
    .flatMap(([name, { datasets }]) => (datasets[dataset] ? [{ name, preference: datasets[dataset].preference }] : []))
    .sort((a, b) => b.preference - a.preference || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name)

/** The spec of a dataset, or a plain sentence about what is configured. */
export function specOf(config: Config, dataset: DatasetName): DatasetConfig {
  const spec = config.datasets[dataset]
  if (!spec) {
    const known = Object.keys(config.datasets).join(', ')
    throw new Error(`dataset ${dataset} is not configured: config/datasets.yaml has ${known}`)
  }
  return spec
}

/** The symbols that had other names, or that are no longer listed. */
export const namesOf = (config: Config): Record<string, Names> =>
  Object.fromEntries(
    config.universe
      .filter(({ to, was }) => to !== null || was !== undefined)
      .map(({ symbol, to, was }) => [symbol, { until: to, was: was ?? [] }]),
  )
