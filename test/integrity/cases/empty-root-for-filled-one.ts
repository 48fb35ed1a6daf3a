/** The disk is not mounted at the start: an empty folder stands where a filled root is remembered. */
import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { Case } from '../case.ts'
import { removeFolder } from '../damage.ts'
import { judge, latestBundle } from '../judge.ts'
import { playNight } from '../night.ts'

export const emptyRootForFilledOne: Case = {
  fault: 'the node starts on an empty folder where its filled root is remembered',
  expected: ['refused'],
  async run(workshop) {
    const stage = await workshop.copy()
    const { root } = stage
    const terms = { env: { STATE_DIR: join(root, 'remembered') } }
    await playNight(stage, terms)
    renameSync(join(root, 'data_layer'), join(root, 'unplugged'))
    mkdirSync(join(root, 'data_layer'))
    const night = await playNight(stage, terms)
    const during = await latestBundle(root)
    removeFolder(root, 'data_layer')
    renameSync(join(root, 'unplugged'), join(root, 'data_layer'))
    const after = await judge(root, workshop.undisturbed, [await playNight(stage, terms)])
    const stayed = during?.digest === workshop.undisturbed.digest
    const isRight = stayed && night.refusal !== null && after.did === 'healed'
    return {
      injections: 1,
      ...after,
      did: isRight ? 'refused' : 'wrong',
      note: stayed
        ? `said: ${night.refusal ?? 'nothing'}`.slice(0, 140)
        : 'the good bundle was replaced by one of an empty root',
      wrongBundles: stayed ? after.wrongBundles : 1,
    }
  },
}
