/** POST /adopt: takes over the raw files of an older node where they lie. Nothing is moved or rewritten; call again while it says `more`. */
import { z } from 'zod'
import { beginAnew, endWalk, findWalk, type Walk } from '../../db/adoptions/walks.ts'
import { ZONES, type Zone } from '../_calendar/zone.ts'
import { AsOfBody, type FunctionResult, RequestError } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { withLock } from '../_lake/keyed-lock.ts'
import { packEvidence } from '../_recovery/pack-evidence.ts'
import { adoptBatch, type Batch } from './adopt-batch.ts'
import { VERIFIES, type Verify } from './known.ts'
import { note, type ProblemList } from './problems.ts'
import { type Tree, treesOf } from './trees.ts'
import { type Met, walk } from './walk.ts'

export const AdoptBody = AsOfBody.extend({
  verify: z.enum(VERIFIES).default('footers'),
  vendor: z.string().optional(),
  dataset: z.string().optional(),
  /**
   * The zone of stamps that carry none, in every file of this walk. Left out, files whose stamps may be either are left. Begins anew as `restart` does:
   * those files lie behind a walk that has ended.
   */
  zone: z.enum(ZONES).optional(),
  /** Things looked at in one call; a little more where one folder holds several. */
  limitFiles: z.int().min(1).max(1_000_000).default(20_000),
  /** Begins anew once every walk has come to its end; while one is under way they go on, so a loop of equal calls ends. */
  restart: z.boolean().default(false),
})

export interface Adopted extends FunctionResult {
  /** Things looked at: files, and whatever else lay there. */
  files: number
  /** Files with cells that are new to the database, and files without. */
  adopted: number
  known: number
  /** Things left alone, each with a problem. */
  skipped: number
  cells: number
  /** Rows counted of the new cells; 0 for names. */
  rows: number
  /** The first fifty; all of them are counted by kind. */
  problems: ProblemList['shown']
  problemCounts: ProblemList['counts']
}

/** Files of one batch, and the bytes of those that hold a whole day's symbols: what a kill costs. */
const BATCH_FILES = 1_000
const BATCH_SHARED_BYTES = 2_000_000

export async function adopt(node: Node, body: z.output<typeof AdoptBody>): Promise<Adopted> {
  checkWanted(node, body)
  // A second call waits and then finds the place where the first one ended.
  return withLock(`${node.lake.root} adopt`, async () => {
    const list: ProblemList = { shown: [], counts: {} }
    const adopted: Adopted = {
      files: 0,
      adopted: 0,
      known: 0,
      skipped: 0,
      cells: 0,
      rows: 0,
      problems: list.shown,
      problemCounts: list.counts,
      more: false,
      nextAt: null,
    }
    const { trees, problems } = await treesOf(node.lake.root, node.config, body)
    for (const problem of problems) note(list, problem)
    if (body.restart || body.zone !== undefined) await beginAnew(node.db, walksOf(trees, body.verify), node.now())
    for (const tree of trees) await adoptTree(node, tree, body, adopted, list)
    // Rows of twenty years would make the database five times as large as it has to be, for good: the file never shrinks.
    if (adopted.cells > 0) await packEvidence(node, adopted.cells)
    node.log('adopt.walked', { ...adopted, verify: body.verify, problems: list.shown.slice(0, 5) })
    return adopted
  })
}

function checkWanted(
  { config }: Node,
  { vendor, dataset }: { vendor?: string | undefined; dataset?: string | undefined },
): void {
  if (vendor !== undefined && !Object.hasOwn(config.vendors, vendor)) {
    throw new RequestError(400, `vendor: expected one of ${Object.keys(config.vendors).join(', ')}`)
  }
  if (dataset !== undefined && !Object.hasOwn(config.datasets, dataset)) {
    throw new RequestError(400, `dataset: expected one of ${Object.keys(config.datasets).join(', ')}`)
  }
}

const walksOf = (trees: readonly Tree[], verify: Verify): Walk[] =>
  trees.map(({ vendor, dataset }) => ({ vendor, dataset, verify }))

/** Goes on with one tree until its end or the call's limit, and adds what came of it to `adopted`. */
async function adoptTree(
  node: Node,
  tree: Tree,
  { verify, limitFiles, zone }: z.output<typeof AdoptBody>,
  adopted: Adopted,
  list: ProblemList,
): Promise<void> {
  const thisWalk: Walk = { vendor: tree.vendor, dataset: tree.dataset, verify }
  const stand = await findWalk(node.db, thisWalk)
  const after = stand?.place ?? null
  let isEnd = true
  let batch: Met[] = []
  let sharedBytes = 0
  const flush = async (): Promise<void> => {
    await takeBatch(node, tree, { verify, zone: zone ?? null }, batch, adopted, list)
    batch = []
    sharedBytes = 0
  }
  for await (const met of walk(tree, after, node.now())) {
    // A place is looked at as a whole: the walk goes on after it.
    const isNewPlace = met.place !== batch.at(-1)?.place
    const isFull = batch.length >= BATCH_FILES || sharedBytes >= BATCH_SHARED_BYTES
    if (isNewPlace && adopted.files + batch.length >= limitFiles) {
      isEnd = false
      break
    }
    if (isNewPlace && isFull) await flush()
    batch.push(met)
    if ('raw' in met && met.raw.symbol === null) sharedBytes += met.raw.bytes
  }
  if (batch.length > 0) await flush()
  if (isEnd) await endWalk(node.db, thisWalk, node.now())
  else adopted.more = true
}

async function takeBatch(
  node: Node,
  tree: Tree,
  { verify, zone }: { verify: Verify; zone: Zone | null },
  met: readonly Met[],
  adopted: Adopted,
  list: ProblemList,
): Promise<void> {
  const left = new Set<string>()
  const batch: Batch = {
    tree,
    verify,
    zone,
    raws: met.flatMap((one) => ('raw' in one ? [one.raw] : [])),
    place: met.at(-1)?.place ?? '',
  }
  for (const one of met) {
    if ('raw' in one) continue
    note(list, one.problem)
    left.add(one.problem.path)
  }
  const taken = await adoptBatch(
    { db: node.db, duck: node.lake.duck },
    batch,
    (problem) => {
      note(list, problem)
      left.add(problem.path)
    },
    node.now(),
  )
  adopted.files += met.length
  adopted.skipped += left.size
  adopted.adopted += taken.adopted
  adopted.known += taken.known
  adopted.cells += taken.cells
  adopted.rows += taken.rows
}
