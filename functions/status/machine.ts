/** The machine under the node: memory, temperature, load. What a machine does not tell is null. */
import { readFile } from 'node:fs/promises'
import { loadavg } from 'node:os'

export interface Machine {
  rssBytes: number
  freeBytes: number | null
  totalBytes: number | null
  celsius: number | null
  load: number
}

/** Linux counts what its caches would give back as available; other systems do not say. */
export async function machineState(root = '/'): Promise<Machine> {
  const memory = await textOf(`${root}proc/meminfo`)
  const temperature = await textOf(`${root}sys/class/thermal/thermal_zone0/temp`)
  const kilobytes = (name: string): number | null => {
    const found = new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(memory ?? '')?.[1]
    return found === undefined ? null : Number(found) * 1024
  }
  const degrees = /^-?\d+$/.test(temperature?.trim() ?? '') ? Number(temperature) / 1000 : null
  return {
    rssBytes: process.memoryUsage.rss(),
    freeBytes: kilobytes('MemAvailable'),
    totalBytes: kilobytes('MemTotal'),
    celsius: degrees,
    load: loadavg()[0] ?? 0,
  }
}

const textOf = (path: string): Promise<string | null> => readFile(path, 'utf8').catch(() => null)
