/** A fault while a node is at work, or at its start, after which everything is as it was before: the good bundle must have stayed. */
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Outcome } from './case.ts'
import { judge, latestBundle } from './judge.ts'
import { type AtWork, atWork, playNight, type WorkTerms } from './night.ts'
import type { Workshop } from './workshop.ts'

/** What the node answered while the fault lasted. */
interface Said {
  /** It took the call for done. */
  ok: boolean
  said?: unknown
}

/** `fault` moves data_layer to `unplugged` or leaves it; afterwards it is brought back and another night is played. */
export async function comeBack(
  workshop: Workshop,
  terms: WorkTerms,
  fault: (root: string, at: AtWork) => Promise<Said[]>,
): Promise<Outcome> {
  const stage = await workshop.copy()
  const { root } = stage
  const said: Said[] = []
  try {
    await atWork(stage, async (at) => void said.push(...(await fault(root, at))), terms)
  } catch (error) {
    said.push({ ok: false, said: error instanceof Error ? error.message : String(error) })
  }
  const during = await latestBundle(root)
  if (existsSync(join(root, 'unplugged'))) {
    rmSync(join(root, 'data_layer'), { recursive: true, force: true })
    renameSync(join(root, 'unplugged'), join(root, 'data_layer'))
  }
  const nights = [await playNight(stage, terms)]
  let judged = await judge(root, workshop.undisturbed, nights)
  if (judged.did !== 'healed') {
    // What was asked for again, or about, may come with the night after.
    nights.push(await playNight(stage, terms))
    judged = await judge(root, workshop.undisturbed, nights)
  }
  const stayed = during?.digest === workshop.undisturbed.digest
  const wrongly = said.filter(({ ok }) => ok).length
  const why = String(said.find(({ ok }) => !ok)?.said ?? 'nothing')
  if (!stayed || wrongly > 0 || judged.did !== 'healed') {
    const what = stayed ? `${wrongly} calls taken for done; afterwards ${judged.note}` : 'the good bundle was replaced'
    return { injections: 1, ...judged, did: 'wrong', note: what, wrongBundles: stayed ? judged.wrongBundles : 1 }
  }
  return { injections: 1, ...judged, did: 'told', note: `said: ${why.slice(0, 120)}; afterwards the same bundle` }
}
