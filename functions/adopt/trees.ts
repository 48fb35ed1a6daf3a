/** Which folders of the raw tree can be taken over: those of a vendor and a dataset that are configured. */
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Config, DatasetConfig } from '../../config/schema.ts'
import { codeOf } from '../_lake/disk.ts'
import { rawFolder, rawRoot } from '../_lake/paths.ts'
import { DatasetName } from '../_market/cell.ts'
import type { Problem, ProblemKind } from './problems.ts'

/** The raw files of one vendor's dataset. */
export interface Tree {
  root: string
  vendor: string
  dataset: DatasetName
  spec: DatasetConfig
  /** Absolute. */
  folder: string
}

export interface Wanted {
  vendor?: string | undefined
  dataset?: string | undefined
}

/** The trees there are, by name, and what lies beside them. Only what is wanted is looked at. */
export async function treesOf(
  root: string,
  config: Config,
  { vendor: wantedVendor, dataset: wantedDataset }: Wanted,
): Promise<{ trees: Tree[]; problems: Problem[] }> {
  const trees: Tree[] = []
  const problems: Problem[] = []
  const leave = (kind: ProblemKind, path: string, what: string): void => {
    problems.push({ kind, path: relative(root, path), what })
  }
  for (const vendor of await foldersIn(rawRoot(root), leave)) {
    if (wantedVendor !== undefined && vendor !== wantedVendor) continue
    const vendorFolder = join(rawRoot(root), vendor)
    if (!Object.hasOwn(config.vendors, vendor)) {
      leave('unknown_vendor', vendorFolder, `${vendor} is no vendor of config/vendor_capabilities.yaml`)
      continue
    }
    for (const name of await foldersIn(vendorFolder, leave)) {
      if (wantedDataset !== undefined && name !== wantedDataset) continue
      const dataset = DatasetName.safeParse(name).data
      const spec = dataset && config.datasets[dataset]
      if (dataset && spec) trees.push({ root, vendor, dataset, spec, folder: rawFolder(root, vendor, dataset) })
      else leave('unknown_dataset', join(vendorFolder, name), `${name} is no dataset of config/datasets.yaml`)
    }
  }
  return { trees, problems }
}

/** Names of the folders in a folder, sorted; anything else there is a problem. */
async function foldersIn(
  folder: string,
  leave: (kind: ProblemKind, path: string, what: string) => void,
): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
  const names: string[] = []
  for (const entry of entries) {
    if (entry.isDirectory()) names.push(entry.name)
    else if (entry.isSymbolicLink()) leave('symlink', join(folder, entry.name), 'a symbolic link is not followed')
    else leave('unexpected', join(folder, entry.name), 'expected a folder of a vendor or a dataset')
  }
  return names.sort()
}
