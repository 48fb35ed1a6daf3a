/** Whether the bookkeeping stays in proportion: bytes a settled cell, files a day, and what it takes to keep them few. One file a part. */
import { benchBackup } from './proportion/backup.ts'
import { benchCompaction } from './proportion/compaction.ts'
import { benchCompactionYear } from './proportion/compaction-year.ts'
import { manifestRows } from './proportion/manifests.ts'
import { packedEvidence } from './proportion/packed-evidence.ts'
import { benchRebuild } from './proportion/rebuild.ts'
import { ProportionScene } from './proportion/scene.ts'
import { benchUpgrade } from './proportion/upgrade.ts'
import type { BenchRow } from './row.ts'

const PARTS: Record<string, (cells: number) => Promise<BenchRow[]>> = {
  database: inScene,
  manifests: manifestRows,
  compaction: benchCompaction,
  'compaction-year': benchCompactionYear,
  backup: () => benchBackup(),
  upgrade: benchUpgrade,
  rebuild: benchRebuild,
}
const CELLS = 1_000_000

/** The parts that are named, or all of them. */
export async function benchProportion(names: readonly string[], cells: number = CELLS): Promise<BenchRow[]> {
  const unknown = names.find((name) => !(name in PARTS))
  if (unknown !== undefined)
    throw new Error(`expected parts among ${Object.keys(PARTS).join(', ')}, got ${JSON.stringify(unknown)}`)
  const rows: BenchRow[] = []
  for (const [name, part] of Object.entries(PARTS)) {
    if (names.length === 0 || names.includes(name)) rows.push(...(await part(cells)))
  }
  return rows
}

async function inScene(cells: number): Promise<BenchRow[]> {
  const scene = await ProportionScene.open(cells)
  try {
    return await packedEvidence(scene)
  } finally {
    await scene.remove()
  }
}
