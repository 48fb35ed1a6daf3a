/** What the ledger made of the faults and of the clean cells. Pure. */
import type { FaultClass } from './fault.ts'
import type { LedgerCell } from './judge-scene.ts'
import { cellOf, type Scene } from './scene.ts'

export interface ClassGrade {
  name: string
  /** Labelled cells. */
  cells: number
  /** Of them, in percent: not GREEN, and RED. */
  recall: number
  redRecall: number
  /** What is demanded of both; null: shown only. */
  demanded: number | null
  demandedRed: number | null
  ok: boolean
  /** How often each flag stands in a labelled cell. */
  flags: Record<string, number>
  /** Up to five labelled cells that are GREEN, or not RED where that is demanded. */
  missed: string[]
}

export interface CleanGrade {
  name: string
  cells: number
  falseRed: number
  falseAmber: number
  /** RED demanded none; AMBER at most one in a thousand; null: AMBER may be. */
  mostAmber: number | null
  ok: boolean
  /** Up to five cells that were flagged. */
  examples: string[]
}

/** Where two versions differed and one was taken for the wrong one. */
export interface DecisionGrade {
  cells: number
  /** The faulty version was kept, or a clean one given up. */
  wrong: number
  ok: boolean
  examples: string[]
}

export interface Grade {
  classes: ClassGrade[]
  clean: CleanGrade[]
  /** Null where no cell has a second vendor's version. */
  decisions: DecisionGrade | null
  /** Percent of all labelled cells for which RED is demanded that are RED, and of all labelled cells that are not GREEN. */
  redRecall: number
  recall: number
}

const RED_RECALL = 90
const CLEAN_PER_AMBER = 1_000
const DECISIONS_PER_WRONG = 100
const EXAMPLES = 5

export type Judged = readonly { scene: Scene; ledger: ReadonlyMap<string, LedgerCell> }[]

/** A cell that was made faulty, and what the ledger has of it. */
interface Labelled {
  cell: string
  found: LedgerCell | undefined
}

export function gradeOf(judged: Judged): Grade {
  const byClass = new Map<FaultClass, Labelled[]>()
  const labelled = new Set<string>()
  for (const { scene, ledger } of judged) {
    for (const { fault, symbol, labels } of scene.injections) {
      const cells = labels
        .map((dt) => cellOf(fault.dataset, symbol, dt))
        .map((cell) => ({ cell, found: ledger.get(cell) }))
      byClass.set(fault, [...(byClass.get(fault) ?? []), ...cells])
      for (const { cell } of cells) labelled.add(cell)
    }
  }
  const classes = [...byClass].map(([fault, cells]) => gradeClass(fault, cells))
  const all = [...byClass.values()].flat().map(({ found }) => found)
  const red = [...byClass].flatMap(([fault, cells]) => (fault.red ? cells.map(({ found }) => found) : []))
  return {
    classes: classes.sort((a, b) => (a.name < b.name ? -1 : 1)),
    clean: judged.flatMap(gradeClean),
    decisions: gradeDecisions(judged, labelled),
    redRecall: percent(red.filter(isRed).length, red.length),
    recall: percent(all.filter(isFlagged).length, all.length),
  }
}

/** A faulty version that another vendor's replaced was found, and does not travel. */
const isReplaced = (cell: LedgerCell | undefined): boolean => cell?.action === 'replaced'
const isFlagged = (cell: LedgerCell | undefined): boolean =>
  cell !== undefined && (cell.status !== 'GREEN' || isReplaced(cell))
const isRed = (cell: LedgerCell | undefined): boolean => cell?.status === 'RED' || isReplaced(cell)
const percent = (part: number, whole: number): number => (whole === 0 ? 100 : Math.round((part / whole) * 1000) / 10)

function gradeClass({ name, recall: demanded, red }: FaultClass, labelled: readonly Labelled[]): ClassGrade {
  const cells = labelled.map(({ found }) => found)
  const recall = percent(cells.filter(isFlagged).length, cells.length)
  const redRecall = percent(cells.filter(isRed).length, cells.length)
  const demandedRed = red ? RED_RECALL : null
  const flags: Record<string, number> = {}
  for (const cell of cells) for (const flag of namesIn(cell)) flags[flag] = (flags[flag] ?? 0) + 1
  const ok = recall >= (demanded ?? 0) && redRecall >= (demandedRed ?? 0)
  const missed = labelled
    .filter(({ found }) => !(red ? isRed(found) : isFlagged(found)))
    .slice(0, EXAMPLES)
    .map(({ cell }) => cell)
  return { name, cells: cells.length, recall, redRecall, demanded, demandedRed, ok, flags, missed }
}

const namesIn = (cell: LedgerCell | undefined): string[] =>
  cell === undefined
    ? ['(not judged)']
    : [...(cell.flags === '' ? [] : cell.flags.split(',')), ...(isReplaced(cell) ? ['(replaced)'] : [])]

const GIVES_UP = new Set(['replaced', 'condemned'])
const DECIDES = new Set([...GIVES_UP, 'kept'])

/** The second version is clean wherever it was put: right is to give up a faulty one for it, and to keep a clean one. Other changed cells are no clear case. */
function gradeDecisions(judged: Judged, labelled: ReadonlySet<string>): DecisionGrade | null {
  if (judged.every(({ scene }) => scene.second === null)) return null
  const decided = judged.flatMap(({ scene, ledger }) =>
    [...ledger].filter(
      ([cell, { action }]) => DECIDES.has(action ?? '') && (labelled.has(cell) || !scene.touched.has(cell)),
    ),
  )
  const wrong = decided.filter(([cell, { action }]) =>
    labelled.has(cell) ? action !== 'replaced' : GIVES_UP.has(action ?? ''),
  )
  return {
    cells: decided.length,
    wrong: wrong.length,
    ok: wrong.length * DECISIONS_PER_WRONG <= decided.length,
    examples: wrong.slice(0, EXAMPLES).map(([cell, { action, flags }]) => `${cell} ${action} ${flags}`),
  }
}

function gradeClean({ scene, ledger }: Judged[number]): CleanGrade[] {
  const groups = new Map<string, { cell: string; found: LedgerCell }[]>()
  for (const [cell, found] of ledger) {
    const [dataset = ''] = cell.split(' ')
    const kind = scene.beside.has(cell) ? 'beside a fault' : scene.events.has(cell) ? 'large moves' : 'clean'
    if (!(dataset in scene.rows) || scene.touched.has(cell)) continue
    const group = `${scene.name}: ${kind}, ${dataset}`
    const own = groups.get(group)
    if (own) own.push({ cell, found })
    else groups.set(group, [{ cell, found }])
  }
  return [...groups].map(([name, cells]) => {
    const wrong = cells.filter(({ found }) => isFlagged(found))
    const falseRed = wrong.filter(({ found }) => isRed(found)).length
    const falseAmber = wrong.length - falseRed
    const mostAmber = name.startsWith(`${scene.name}: clean`) ? Math.floor(cells.length / CLEAN_PER_AMBER) : null
    return {
      name,
      cells: cells.length,
      falseRed,
      falseAmber,
      mostAmber,
      ok: falseRed === 0 && falseAmber <= (mostAmber ?? falseAmber),
      examples: wrong
        .slice(0, EXAMPLES)
        .map(({ cell, found }) => `${cell} ${found.status} ${found.flags}${isReplaced(found) ? ' (replaced)' : ''}`),
    }
  })
}
