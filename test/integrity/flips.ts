/** Bit flips by the thousand: each night has one flip in each of many files, and none of them may reach a bundle unnoticed. */
import type { Outcome } from './case.ts'
import { judge } from './judge.ts'
import { playNight } from './night.ts'
import type { Workshop } from './workshop.ts'

/** The chance of a case within one of its rounds. */
export type Chance = (most: number, ...words: (string | number)[]) => number

/** Repeats rounds until their share of the flips was injected; the worst round is the outcome. `inject` returns how many bits it flipped. */
export async function flipEach(
  workshop: Workshop,
  name: string,
  share: number,
  inject: (root: string, chance: Chance) => number | Promise<number>,
): Promise<Outcome> {
  const wanted = Math.max(1, Math.round(workshop.flips * share))
  const sum: Outcome = { injections: 0, did: 'healed', note: '', verdict: '', wrongBundles: 0, lostCells: 0 }
  for (let round = 0; sum.injections < wanted; round++) {
    const stage = await workshop.copy()
    sum.injections += await inject(stage.root, (most, ...words) => workshop.chance(most, name, round, ...words))
    const nights = [await playNight(stage)]
    let judged = await judge(stage.root, workshop.undisturbed, nights)
    // What was noticed and named may be put right by the night after it.
    if (judged.did === 'told' || judged.did === 'refused') {
      nights.push(await playNight(stage))
      judged = await judge(stage.root, workshop.undisturbed, nights)
    }
    const isWorse = RANK.indexOf(judged.did) > RANK.indexOf(sum.did)
    if (isWorse || sum.note === '') Object.assign(sum, { ...judged, note: `round ${round}: ${judged.note}` })
    sum.wrongBundles = Math.max(sum.wrongBundles, judged.wrongBundles)
    sum.lostCells = Math.max(sum.lostCells, judged.lostCells)
    process.stderr.write(`${name}: ${sum.injections} of ${wanted} bits flipped, ${judged.did}\n`)
    await workshop.discard(stage)
  }
  return sum
}

const RANK: Outcome['did'][] = ['healed', 'told', 'refused', 'wrong']
