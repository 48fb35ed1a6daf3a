/** Whether the bookkeeping stays in proportion: bytes a settled cell, and what it takes to keep them few. One file a part. */

import { packedEvidence } from './proportion-packed-evidence.ts'
import { type ProportionPart, ProportionScene } from './proportion-scene.ts'
import type { BenchRow } from './row.ts'

const PARTS: readonly ProportionPart[] = [packedEvidence]
const CELLS = 1_000_000

export async function benchProportion(cells: number = CELLS): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  for (const part of PARTS) {
    const scene = await ProportionScene.open(cells)
    try {
      rows.push(...(await part(scene)))
    } finally {
      await scene.remove()
    }
  }
  return rows
}
