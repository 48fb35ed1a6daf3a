/** Packs the evidence of settled cells of closed months, dataset by dataset: in steps by the sweep, and while a lost database fills again. */
import { packMonths } from '../../db/packed-months/pack-months.ts'
import type { NodeContext } from '../_catalog/context.ts'
import { openMonth } from '../_expected/reread-windows.ts'

/** Returns how many cells were packed, at least `most` where there are so many, and whether there may be more. Safe to repeat. */
export async function packEvidence(
  { db, config, now }: NodeContext,
  most: number,
): Promise<{ packed: number; more: boolean }> {
  let packed = 0
  for (const [dataset, spec] of Object.entries(config.datasets)) {
    const step = await packMonths(db, dataset, openMonth(spec, now()), most - packed)
    packed += step.packed
    if (step.more) return { packed, more: true }
  }
  return { packed, more: false }
}
