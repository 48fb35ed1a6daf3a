/** `npm run bench -- <name> [--json]`: figures as ratios against a bound or a peer of the same run. Exit 1 when a target is missed. */
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { benchAdopt } from './adopt.ts'
import { benchAudit } from './audit.ts'
import { benchCurate } from './curate.ts'
import { benchDispatch } from './dispatch.ts'
import { benchExport } from './export.ts'
import { benchFirstNight } from './first-night.ts'
import { benchLedger } from './ledger.ts'
import { benchPages } from './pages.ts'
import { benchProportion } from './proportion.ts'
import { benchPull } from './pull.ts'
import { benchQc } from './qc.ts'
import { benchQcDaily } from './qc-daily.ts'
import { benchQueue } from './queue.ts'
import { type BenchRow, tableOf } from './row.ts'
import { benchVerify } from './verify.ts'

/** What follows the name on the command line: which parts, and how large. */
interface Asked {
  parts: string[]
  scale: number | undefined
  symbols: number | undefined
  cells: number | undefined
  scene: string | undefined
  seed: number | undefined
  partitions: number | undefined
  gigabytes: number | undefined
}

const BENCHES: Record<string, (asked: Asked) => Promise<BenchRow[]>> = {
  adopt: benchAdopt,
  audit: benchAudit,
  curate: ({ parts, scale }) => benchCurate(parts, scale),
  dispatch: ({ parts, scale }) => benchDispatch(parts, scale),
  export: ({ partitions, gigabytes }) => benchExport(partitions, gigabytes),
  'first-night': benchFirstNight,
  ledger: ({ symbols }) => benchLedger(symbols),
  pages: benchPages,
  proportion: ({ parts, cells }) => benchProportion(parts, cells),
  pull: ({ scale }) => benchPull(scale),
  qc: benchQc,
  'qc-daily': ({ symbols }) => benchQcDaily(symbols),
  queue: benchQueue,
  verify: benchVerify,
}
const USAGE = `npm run bench -- <name> [part …] [--scale 0.1] [--symbols 500] [--scene one-vendor-dying] [--seed 7] [--cells 1000000] [--partitions 5000] [--gigabytes 10] [--json], where <name> is one of: ${Object.keys(BENCHES).join(', ')}`

/** Gigabytes: more is no other thing, and takes long. */
const MOST_PULL_SCALE = 10

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      scale: { type: 'string' },
      symbols: { type: 'string' },
      cells: { type: 'string' },
      scene: { type: 'string' },
      seed: { type: 'string' },
      partitions: { type: 'string' },
      gigabytes: { type: 'string' },
    },
    allowPositionals: true,
  })
  const [name = '', ...parts] = positionals
  const bench = BENCHES[name]
  const scale = values.scale === undefined ? undefined : Number(values.scale)
  const symbols = values.symbols === undefined ? undefined : Number(values.symbols)
  const cells = values.cells === undefined ? undefined : Number(values.cells)
  const seed = values.seed === undefined ? undefined : Number(values.seed)
  const partitions = values.partitions === undefined ? undefined : Number(values.partitions)
  const gigabytes = values.gigabytes === undefined ? undefined : Number(values.gigabytes)
  const isUsable =
    (gigabytes === undefined || gigabytes > 0) &&
    (seed === undefined || Number.isInteger(seed)) &&
    (scale === undefined || (scale > 0 && scale <= (name === 'pull' ? MOST_PULL_SCALE : 1))) &&
    [symbols, cells, partitions].every((count) => count === undefined || (Number.isInteger(count) && count > 0))
  if (bench === undefined || !isUsable) throw new Error(USAGE)
  const rows = await bench({ parts, scale, symbols, cells, scene: values.scene, seed, partitions, gigabytes })
  const table = `${tableOf(rows)}\n`
  if (!values.json) process.stdout.write(table)
  else {
    process.stderr.write(table)
    process.stdout.write(`${JSON.stringify({ machine: machine(), rows })}\n`)
  }
  return rows.every(({ ok }) => ok) ? 0 : 1
}

const machine = (): Record<string, unknown> => ({
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  platform: `${process.platform}-${process.arch}`,
})

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
