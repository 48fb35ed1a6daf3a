/** What cases work with: copies of one finished root, the bundle of its undisturbed night, and how often to do what is done by chance. */
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Options } from '../demo/options.ts'
import { draw, seedOf } from '../lab/chance.ts'
import type { Outcome } from './case.ts'
import { touchAll } from './damage.ts'
import { type Bundle, judge, latestBundle } from './judge.ts'
import { type Night, playNight, type Stage } from './night.ts'

export interface WorkshopTerms {
  flips: number
  kills: number
  seed: number
}

/** Little of everything: two symbols, five sessions with a half day, yields, options, actions; nobody dies. */
export const BASE_OPTIONS: Omit<Options, 'root'> = {
  symbols: ['AAPL', 'MSFT'],
  from: '2025-07-01',
  kill: [],
  seed: 7,
  port: 0,
  serve: false,
  json: false,
}

export interface Workshop extends WorkshopTerms {
  /** The bundle of an undisturbed night. */
  undisturbed: Bundle
  /** A copy of the finished root, of which no file is linked to another; in a folder of its own. */
  copy(): Promise<Stage>
  /** An empty folder. */
  folder(): Promise<string>
  /** Damages a copy, plays nights over it and judges what came of it. `inject` may answer how many times it injected. */
  damaged(inject: (root: string, stage: Stage) => unknown, nights?: number): Promise<Outcome>
  /** Removes a copy before the end, to spare the disk. */
  discard(stage: Pick<Stage, 'root'>): Promise<void>
  /** A whole number below `most`, the same for the same words. */
  chance(most: number, ...words: (string | number)[]): number
  remove(): Promise<void>
}

/** Nights that a node gets to put a fault right. */
const NIGHTS = 2
const MOST_NIGHTS = 6

export async function openWorkshop(terms: WorkshopTerms): Promise<Workshop> {
  const bench = await mkdtemp(join(tmpdir(), 'integrity-'))
  let folders = 0
  const folder = async (): Promise<string> => {
    const path = join(bench, String(++folders))
    await mkdir(path)
    return path
  }
  const base: Stage = { root: join(bench, 'base'), options: { ...BASE_OPTIONS, root: join(bench, 'base') } }
  const remove = (): Promise<void> => rm(bench, { recursive: true, force: true })
  try {
    const undisturbed = await playUntilSettled(base)
    const copy = async (): Promise<Stage> => {
      const root = join(await folder(), 'root')
      await cp(base.root, root, { recursive: true, verbatimSymlinks: true })
      return { root, options: { ...BASE_OPTIONS, root } }
    }
    return {
      ...terms,
      undisturbed,
      copy,
      folder,
      async damaged(inject, nights = NIGHTS) {
        const stage = await copy()
        const injected = await inject(stage.root, stage)
        const injections = typeof injected === 'number' ? injected : 1
        const played: Night[] = []
        for (let night = 0; night < nights; night++) {
          played.push(await playNight(stage))
          const judged = await judge(stage.root, undisturbed, played)
          if (judged.did === 'healed' || night === nights - 1) return { injections, ...judged }
        }
        throw new Error('expected at least one night')
      },
      discard: ({ root }) => rm(root, { recursive: true, force: true }),
      chance: (most, ...words) => Math.floor(draw(seedOf(terms.seed, ...words), 0) * most),
      remove,
    }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Nights after which all verdicts were made with all that there is to know: whoever judges them again comes to the same. */
async function playUntilSettled(base: Stage): Promise<Bundle> {
  let before: Bundle | null = null
  for (let night = 0; night < MOST_NIGHTS; night++) {
    const { failed, refusal } = await playNight(base)
    const bundle = await latestBundle(base.root)
    if (refusal !== null || failed.length > 0 || bundle === null)
      throw new Error(`expected an undisturbed night to end well, got ${refusal ?? failed.join('; ')}`)
    if (bundle.digest === before?.digest) return bundle
    before = bundle
    await touchAll(base.root)
  }
  throw new Error(`expected the same bundle twice within ${MOST_NIGHTS} nights`)
}
