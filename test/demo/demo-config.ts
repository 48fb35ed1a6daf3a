/** Writes the scenario where the node reads it: configuration and schedule under the demo's root. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeNodeFiles } from '../config-files.ts'
import { LAB_KEYS, type LabVendorName } from '../lab/lab.ts'
import { demoCron, type Scene } from './scenario.ts'

/** Environment of the demo's node: its own folders, the lab's keys, a free port of loopback. */
export async function writeDemoConfig(
  root: string,
  scene: Pick<Scene, 'config'> & Partial<Scene>,
  lab: Record<LabVendorName, { url: string }>,
  port: number,
): Promise<Record<string, string>> {
  const urls: Record<string, string> = { alpaca: lab.alpaca.url, massive: lab.massive.url, fred: lab.fred.url }
  const vendors = Object.fromEntries(
    Object.entries(scene.config.vendors).map(([name, vendor]) => {
      const datasets = Object.entries(vendor.datasets).filter(([dataset]) => dataset in scene.config.datasets)
      const url = urls[vendor.connector ?? name] ?? vendor.base_url
      const trading = vendor.trading_url === undefined ? {} : { trading_url: url }
      const { calls_per_minute, calls_per_day, today_share, ...entry } = vendor
      const limits = vendor.account === undefined ? { calls_per_minute, calls_per_day, today_share } : {}
      return [name, { ...entry, ...limits, base_url: url, ...trading, datasets: Object.fromEntries(datasets) }]
    }),
  )
  const { datasets, incidents, maxOpenTasks, disk, scrub, retention, universe, qc, notifications } = scene.config
  const env = writeNodeFiles(
    root,
    {
      vendors,
      datasets: { datasets, incidents, disk, max_open_tasks: maxOpenTasks, scrub, retention },
      universe: universe.map(({ undated, from, ...entry }) => ({ ...entry, ...(undated ? {} : { from }) })),
      qc,
      notifications,
      cron: await demoCron(),
    },
    port,
  )
  return {
    ...env,
    APCA_API_KEY_ID: LAB_KEYS.alpaca.id,
    APCA_API_SECRET_KEY: LAB_KEYS.alpaca.secret,
    MASSIVE_API_KEY: LAB_KEYS.massive,
    FRED_API_KEY: LAB_KEYS.fred,
  }
}

/** Which vendors have died in this root: a vendor that died stays dead when the night is played again. */
export function deadVendors(root: string): { names: string[]; add(vendor: string): void } {
  const file = join(root, 'dead-vendors.json')
  let names: string[] = []
  try {
    names = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    // Nobody has died yet, or the note was torn: the death will come again.
  }
  return {
    names,
    // Written before the first refused answer leaves, so that a node killed by it meets the same dead vendor.
    add: (vendor) => writeFileSync(file, JSON.stringify([...names, vendor])),
  }
}
