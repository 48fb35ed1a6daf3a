/** What became of a root: its newest bundle against that of an undisturbed night, cell by cell, and the word of `verify`. */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../config/load.ts'
import { sha256 } from '../../functions/_lake/digest.ts'
import { createDuck, type Duck } from '../../functions/_lake/duck.ts'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { systemClock } from '../../functions/_runtime/clock.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import { RootInUse, withDeadRoot } from '../../functions/verify/dead-root.ts'
import { countsBySeverity, exitCodeOf } from '../../functions/verify/report.ts'
import { type Verified, verify } from '../../functions/verify/verify.ts'
import type { Outcome, Reaction } from './case.ts'
import { filesBelow, type Night } from './night.ts'

/** One cell of a bundle: what its rows hash to, and who delivered them. */
type Cells = Map<string, { hash: string; vendor: string }>

export interface Bundle {
  /** sha256 of SHA256SUMS. */
  digest: string
  /** False where the manifest says that something is lacking. */
  isComplete: boolean
  /** Cells that the manifest names as held back, with the reason. */
  held: Map<string, string>
  cells: Cells
}

interface Manifest {
  complete?: boolean
  held: { cells: { dataset: string; symbol: string; dt: string; flags: string }[] }
}

/** The bundle that `latest` points at; null when there is none that can be read. */
export async function latestBundle(root: string): Promise<Bundle | null> {
  const folder = join(root, 'exports', 'latest')
  try {
    const digest = sha256(readFileSync(join(folder, 'SHA256SUMS')))
    const manifest = JSON.parse(readFileSync(join(folder, 'MANIFEST.json'), 'utf8')) as Manifest
    const cells = await withDuck((duck) => cellsOf(duck, folder))
    const held = new Map(manifest.held.cells.map((one) => [`${one.dataset} ${one.symbol} ${one.dt}`, one.flags]))
    return { digest, isComplete: manifest.complete !== false, held, cells }
  } catch {
    return null
  }
}

/** Runs a query of a case over files of a root. */
export async function withDuck<T>(work: (duck: Duck) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'integrity-duck-'))
  const duck = createDuck({ root: scratch, threads: 1, memoryLimitMb: 256 })
  try {
    return await work(duck)
  } finally {
    await duck.close()
    await rm(scratch, { recursive: true, force: true })
  }
}

async function cellsOf(duck: Duck, folder: string): Promise<Cells> {
  const cells: Cells = new Map()
  for (const name of filesBelow(join(folder, 'curated'))) {
    const file = join(folder, 'curated', name)
    const dataset = name.split('/')[0] ?? ''
    const cell = dataset === 'macro_treasury' ? 'date::VARCHAR' : `symbol || ' ' || dt`
    const rows = await duck.all<{ cell: string; hash: string; vendor: string }>(
      `SELECT ${cell} AS cell, sum(hash(r)::HUGEINT)::VARCHAR AS hash, min(vendor) AS vendor FROM ${readParquet(file)} r GROUP BY 1`,
    )
    for (const row of rows) cells.set(`${dataset} ${row.cell}`, { hash: row.hash, vendor: row.vendor })
  }
  return cells
}

/** `verify deep` of a root on which no node works; its exit code and counts as text. */
export async function verdictOf(root: string): Promise<{ text: string; verified: Verified }> {
  const vendors = CONNECTORS.map(({ name }) => name)
  const config = await loadConfig({ folder: join(root, 'config'), vendors })
  const { now, elapsed } = systemClock
  const terms = {
    root: join(root, 'data_layer'),
    exportRoot: join(root, 'exports'),
    config,
    now,
    elapsed,
    migrations: 'migrations',
  }
  const verified = await againWhenInUse(() =>
    withDeadRoot({ ...terms, secrets: ['no-such-key-anywhere'] }, (context) =>
      verify(context, { mode: 'deep', cursor: null, listed: 5 }),
    ),
  )
  const { warning, error } = countsBySeverity(verified.counts)
  const named = Object.entries(verified.counts).map(([kind, count]) => `${count} ${kind}`)
  const counted = `${error} errors, ${warning} warnings`
  return {
    text: `exit ${exitCodeOf(verified)}: ${counted}${named.length > 0 ? ` (${named.join(', ')})` : ''}`,
    verified,
  }
}

/** A database that this process closed changes once more when the garbage collector frees it. */
async function againWhenInUse<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof RootInUse) || tries === 5) throw error
      await new Promise((done) => setTimeout(done, 200))
    }
  }
}

/** Judges a root after its nights. `told` are the words in which the node said that something is missing. */
export async function judge(
  root: string,
  undisturbed: Bundle,
  nights: readonly Night[],
): Promise<Omit<Outcome, 'injections'>> {
  const { text: verdict, verified } = await verdictOf(root)
  const exitCode = exitCodeOf(verified)
  const bundle = await latestBundle(root)
  const last = nights.at(-1)
  const lost = [...undisturbed.cells.keys()].filter((cell) => !bundle?.cells.has(cell))
  const isHeld = lost.length > 0 && lost.every((cell) => bundle?.held.has(cell))
  const heldText = isHeld ? `held: ${bundle?.held.get(lost[0] as string)}` : null
  const said = last?.refusal ?? last?.failed[0] ?? (bundle?.isComplete === false ? 'complete: false' : heldText)
  const changed = [...undisturbed.cells].filter(([cell, { hash, vendor }]) => {
    const now = bundle?.cells.get(cell)
    return now !== undefined && now.vendor === vendor && now.hash !== hash
  })
  const wrongBundles = changed.length > 0 || isBundleWrong(verified) ? 1 : 0
  const lostCells = said === null ? lost.length : 0
  const note =
    changed.length > 0
      ? `${changed.length} cells have other values, first ${changed[0]?.[0]}`
      : lost.length > 0
        ? `${lost.length} cells are missing, first ${lost[0]}${said === null ? '' : `; ${said}`}`
        : (said ?? (bundle?.digest === undisturbed.digest ? 'the same bundle' : 'the same cells, in another bundle'))
  return { did: reactionOf(), note: note.slice(0, 160), verdict, wrongBundles, lostCells }

  function reactionOf(): Reaction | 'wrong' {
    if (wrongBundles > 0 || lostCells > 0) return 'wrong'
    if (last?.refusal) return 'refused'
    if (said !== null) return 'told'
    return exitCode === 0 ? 'healed' : 'wrong'
  }
}

const isBundleWrong = ({ counts }: Verified): boolean =>
  Object.keys(counts).some((kind) => kind.startsWith('bundle-') && kind !== 'bundle-incomplete') ||
  (counts['latest-dangling'] ?? 0) > 0
