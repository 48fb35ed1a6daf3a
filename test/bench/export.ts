/** What a bundle costs where the night before made one of the same partitions: seconds, bytes read, files copied. */
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closeLake, type Lake, openLake } from '../../functions/_lake/lake.ts'
import { bundleFolder, ledgerFragment } from '../../functions/_lake/paths.ts'
import { consolidateLedger } from '../../functions/_ledger/ledger.ts'
import { buildBundle } from '../../functions/export/bundle.ts'
import { ExportScene } from './export-scene.ts'
import { type BenchRow, figure } from './row.ts'
import { timed } from './watch.ts'

const [FIRST, SECOND, THIRD] = ['2025-07-03', '2025-07-07', '2025-07-08'] as const
const MOST_SECONDS = 5
const MOST_SECONDS_CHANGED = 3
const NIGHT_MS = 86_400_000

/** Nothing is held. How long the ledger takes of all its fragments is shown apart: a bundle copies what is unchanged of it. */
export async function benchExport(partitions = 500, gigabytes = 0.5): Promise<BenchRow[]> {
  const home = await mkdtemp(join(tmpdir(), 'data-node-bench-export-'))
  const lake = openLake({ root: join(home, 'data_layer'), exportRoot: join(home, 'exports') })
  try {
    await mkdir(lake.root, { recursive: true })
    const scene = await ExportScene.write(lake, partitions, gigabytes * 1e9)
    let now = Date.now()
    const built = async (asof: string) => {
      now += NIGHT_MS
      const cpu = process.cpuUsage()
      const read = await bytesRead()
      const [bundle, ms] = await timed(() => buildBundle(lake, scene.request(asof, now)))
      if (bundle.verdict !== 'written' || !bundle.complete)
        throw new Error(`expected a complete bundle, got ${bundle.verdict}: ${JSON.stringify(bundle.incomplete[0])}`)
      const { user, system } = process.cpuUsage(cpu)
      return { bundle, ms, cpuMs: (user + system) / 1_000, read: (await bytesRead()) - read }
    }
    const first = await built(FIRST)
    const second = await built(SECOND)
    const copied = await copiedFiles(lake, scene, SECOND)
    const changed = scene.records[Math.floor(partitions / 2)]!.partition
    await scene.change(changed)
    const third = await built(THIRD)
    const ledgerBegun = process.cpuUsage()
    const [, ledgerMs] = await timed(() =>
      consolidateLedger(
        lake,
        scene.records.map(({ partition, ledgerSha256 }) => ({
          dataset: 'equities_bars_minute' as const,
          partition,
          path: ledgerFragment(lake.root, 'equities_bars_minute', partition),
          sha256: ledgerSha256 ?? '',
        })),
        null,
      ),
    )
    const ledgerCpu = process.cpuUsage(ledgerBegun)
    const size = `${partitions} partitions, ${Math.round(first.bundle.bytes / 1e6)} MB`
    return [
      figure(`${size}: the first bundle`, first.ms / 1_000, 's'),
      figure('the whole ledger of its fragments', ledgerMs / 1_000, 's'),
      figure('the whole ledger of its fragments: processor', (ledgerCpu.user + ledgerCpu.system) / 1e6, 's'),
      figure('the same again', second.ms / 1_000, 's'),
      figure('the same again: processor', second.cpuMs / 1_000, 's', MOST_SECONDS),
      figure('the same again: data files copied', copied, 'files', 0),
      // On Linux alone; NaN is only shown.
      ...(Number.isNaN(second.read)
        ? []
        : [
            figure('the first bundle: bytes read', first.read / 1e6, 'MB'),
            figure('the same again: bytes read', second.read / 1e6, 'MB', 0.1 * (first.bundle.bytes / 1e6) + 100),
          ]),
      figure('one changed partition', third.ms / 1_000, 's'),
      figure('one changed partition: processor', third.cpuMs / 1_000, 's', MOST_SECONDS_CHANGED),
      figure('one changed partition: data files copied', await copiedFiles(lake, scene, THIRD), 'files', 0),
      figure('memory at its peak', process.resourceUsage().maxRSS / 1_000, 'MB'),
    ]
  } finally {
    await closeLake(lake)
    await rm(home, { recursive: true, force: true })
  }
}

/** Data files of a bundle that do not share the inode of the lake's file. */
async function copiedFiles(lake: Lake, scene: ExportScene, asof: string): Promise<number> {
  let copied = 0
  for (const { partition } of scene.records) {
    const path = join(
      bundleFolder(lake.exportRoot, asof),
      `curated/equities_bars_minute/date=${partition}/data.parquet`,
    )
    const [one, other] = await Promise.all([stat(path), stat(scene.fileOf(partition))])
    if (one.ino !== other.ino) copied++
  }
  return copied
}

/** Bytes that the process has read so far, out of the page cache too; NaN where the system does not count them. */
async function bytesRead(): Promise<number> {
  const text = await readFile('/proc/self/io', 'utf8').catch(() => '')
  return Number(/^rchar: (\d+)$/m.exec(text)?.[1] ?? Number.NaN)
}
