/** The benchmark of quality control: seeded faults in clean bars, judged by real nodes, graded by their ledgers. */
import { FAULT_CLASSES } from './classes/index.ts'
import { ALONE, CLASSES as SECOND_CLASSES } from './classes/second-vendor.ts'
import { type Grade, gradeOf, type Judged } from './grade.ts'
import { inventedScene, QUICK, WHOLE } from './invented-scene.ts'
import { judgeScene } from './judge-scene.ts'
import { realFolder, realScene } from './real-scene.ts'
import type { Scene } from './scene.ts'

export interface QcTerms {
  seed: number
  isQuick: boolean
  /** Only classes whose name holds this text; absent: all. */
  only: string | undefined
  /** Every cell is known from a second vendor as well, without a fault. */
  hasTwoVendors: boolean
  say: (line: string) => void
}

const REAL_REPETITIONS = 4

export async function evalQc({ seed, isQuick, only, hasTwoVendors, say }: QcTerms): Promise<Grade> {
  const all = hasTwoVendors
    ? [...SECOND_CLASSES, ...FAULT_CLASSES.filter(({ name }) => ALONE.some((part) => name.includes(part)))]
    : FAULT_CLASSES
  const classes = all.filter(({ name }) => only === undefined || name.includes(only))
  if (classes.length === 0) {
    throw new Error(
      `expected a part of the name of a fault after --class, got ${only}; there are: ${all.map(({ name }) => name).join('; ')}`,
    )
  }
  const judged: Judged[number][] = []
  const scenes = hasTwoVendors
    ? [() => inventedScene(seed, isQuick ? QUICK : WHOLE, classes, true)]
    : scenesOf(seed, isQuick, classes, say)
  for (const make of scenes) {
    const scene = make()
    judged.push({ scene, ledger: await judgeScene(scene, say) })
    // The rows are judged; only what is known of the cells is still needed.
    for (const rows of Object.values(scene.rows)) rows.clear()
    for (const rows of Object.values(scene.second ?? {})) rows.clear()
  }
  return gradeOf(judged)
}

function scenesOf(seed: number, isQuick: boolean, classes: typeof FAULT_CLASSES, say: QcTerms['say']): (() => Scene)[] {
  const invented = () => inventedScene(seed, isQuick ? QUICK : WHOLE, classes)
  if (isQuick) return [invented]
  const folder = realFolder()
  if (folder === null) {
    say('real bars are not at ../shared/data: only invented ones are judged')
    return [invented]
  }
  return [invented, () => realScene(folder, seed, REAL_REPETITIONS, classes)]
}
