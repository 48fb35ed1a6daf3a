/**
 * Part of `rebuild`, as processes with a memory of their own. `fill CELLS FOLDER` fills a root as years of deliveries leave it: rows of the database, packed by the sweep,
 * manifest lines, and empty files where only names are looked at. `rebuild ENV FOLDER` starts a node there without its database and rebuilds it. Both write the rows of the
 * tables, a file each, to FOLDER, and print what they found.
 */
import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { sql } from 'drizzle-orm'
import type { Db } from '../../../db/client.ts'
import { appendLines } from '../../../functions/_lake/manifest.ts'
import { endOfLines, lineWriter } from '../../../functions/_lake/manifest-lines.ts'
import { manifestFile, rawFile } from '../../../functions/_lake/paths.ts'
import { rebuild } from '../../../functions/_recovery/rebuild.ts'
import { type RunningNode, startNode } from '../../../functions/_runtime/start.ts'
import { sweep } from '../../../functions/sweep.ts'
import { DAYS, MINUTES, ProportionScene, sceneClock, VENDOR } from './scene.ts'

/** What the database holds of cells, in the order of its keys. */
const TABLES = {
  attempts: 'dataset, dt, symbol, vendor',
  packed_months: 'dataset, month, symbol, vendor',
  coverage: 'dataset, symbol, month',
  raw_files: 'dataset, dt, vendor, symbol',
  bookmarks: 'vendor, dataset, symbol',
}
const ROWS = 20_000

export const tableFiles = (folder: string): string[] => Object.keys(TABLES).map((name) => join(folder, name))

export interface Filled {
  root: string
  env: Record<string, string>
  cells: number
}

export interface RebuiltAgain {
  cells: number
  seconds: number
  megabytes: number
}

async function fill(cells: number, folder: string): Promise<Filled> {
  const scene = await ProportionScene.open(cells)
  scene.kept = onKept(scene.running)
  const filled = (await scene.fill(DAYS)) + (await scene.fill(MINUTES))
  await pack(scene.running)
  await writeTables(scene.running.node.db, folder)
  await scene.running.stop()
  return { root: scene.root, env: scene.env, cells: filled }
}

/** Writes the manifest lines of a call, and files without a byte in the places that they name. */
function onKept({ node }: RunningNode): ProportionScene['kept'] {
  const { root } = node.lake
  const there = new Set<string>()
  return async (dataset, at, cells) => {
    const spec = node.config.datasets[dataset]!
    const origin = { vendor: VENDOR, feed: 'sip', adjustment: 'raw', fetchedAt: at } as const
    const fetchedAt = new Date(at).toISOString()
    const lineOf = lineWriter(dataset, VENDOR)
    const lines: string[] = []
    for (const [symbol, dt, digest, rows, hash] of cells) {
      const file = rawFile(root, VENDOR, dataset, spec.raw_layout, dt, symbol)
      if (!there.has(file)) await touch(file)
      there.add(file)
      const decision = { verdict: 'new', rows, digest, previous: null, refused: null } as const
      lines.push(
        lineOf({ symbol, dt, origin, decision, difference: null }, endOfLines(relative(root, file), hash, fetchedAt)),
      )
    }
    await appendLines(manifestFile(root, VENDOR, dataset, fetchedAt.slice(0, 10)), lines)
  }
}

async function touch(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await (await open(file, 'a')).close()
}

async function rebuilt(env: Record<string, string>, folder: string): Promise<RebuiltAgain> {
  const begun = performance.now()
  const running = await startNode({ env, clock: sceneClock(), sink: () => undefined })
  const { cells } = await rebuild(running.node)
  const seconds = (performance.now() - begun) / 1_000
  await pack(running)
  await writeTables(running.node.db, folder)
  await running.stop()
  // What `resourceUsage` calls the maximum begins with that of the process which started this one.
  const status = await readFile('/proc/self/status', 'utf8')
  return { cells, seconds, megabytes: Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1024 }
}

async function pack({ node }: RunningNode): Promise<void> {
  while ((await sweep(node, { dryRun: false })).more === true);
}

async function writeTables(db: Db, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [table, key] of Object.entries(TABLES)) {
    const path = join(folder, table)
    await writeFile(path, '')
    for (let offset = 0; ; offset += ROWS) {
      const rows = await db.all<Record<string, unknown>>(
        sql.raw(`SELECT * FROM ${table} ORDER BY ${key} LIMIT ${ROWS} OFFSET ${offset}`),
      )
      await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''), { flag: 'a' })
      if (rows.length < ROWS) break
    }
  }
}

if (process.argv[1]?.endsWith('rebuild-process.js')) {
  const [phase, given = '', folder = ''] = process.argv.slice(2)
  const done = phase === 'fill' ? await fill(Number(given), folder) : await rebuilt(JSON.parse(given), folder)
  process.stdout.write(JSON.stringify(done))
}
