/** The grades as tables for people. */
import type { ClassGrade, CleanGrade, DecisionGrade, Grade } from './grade.ts'

/** What no scene holds: no figure speaks of it. */
export const UNTESTED: readonly string[] = [
  'trading halts of real stocks: no real minutes with a halt are at hand',
  'changes of a ticker: no modelled company changes its name',
  'minutes of real crash days: the real minutes are twelve quiet days of October 2013',
  'rows that a vendor answered and the node refused: these faults end before quality control',
]

export const tableOf = (grade: Grade): string =>
  [
    `  ${'fault'.padEnd(62)} cells  flagged (demanded)  RED (demanded)  flags`,
    ...grade.classes.flatMap(classLines),
    '',
    `  ${'cells without a fault'.padEnd(62)} cells  RED (none)  AMBER (at most)`,
    ...grade.clean.flatMap(cleanLines),
    ...decisionLines(grade.decisions),
    '',
    `  all faults flagged: ${grade.recall} %; RED where it is demanded: ${grade.redRecall} %`,
    ...UNTESTED.map((what) => `  untested: ${what}`),
  ].join('\n')

const against = (value: number, demanded: number | null): string =>
  `${value.toFixed(1).padStart(6)} %${(demanded === null ? '' : ` (${demanded})`).padEnd(6)}`

function classLines(grade: ClassGrade): string[] {
  const { name, cells, recall, redRecall, demanded, demandedRed, ok, flags, missed } = grade
  const most = Object.entries(flags)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 3)
    .map(([flag, count]) => `${flag} ${count}`)
  const line = `${ok ? ' ' : '!'} ${name.padEnd(62)} ${String(cells).padStart(5)}  ${against(recall, demanded)}    ${against(redRecall, demandedRed)}  ${most.join(', ')}`
  return ok ? [line] : [line, ...missed.map((cell) => `      missed: ${cell}`)]
}

function cleanLines({ name, cells, falseRed, falseAmber, mostAmber, ok, examples }: CleanGrade): string[] {
  const bound = mostAmber === null ? '' : ` (${mostAmber})`
  return [
    `${ok ? ' ' : '!'} ${name.padEnd(62)} ${String(cells).padStart(6)}  ${String(falseRed).padStart(4)}  ${String(falseAmber).padStart(8)}${bound}`,
    ...examples.map((example) => `      ${example}`),
  ]
}

function decisionLines(decisions: DecisionGrade | null): string[] {
  if (decisions === null) return []
  const { cells, wrong, ok, examples } = decisions
  return [
    '',
    `${ok ? ' ' : '!'} cells in which one of two versions was taken for the wrong one: ${cells}; of them wrongly: ${wrong} (at most 1 in 100)`,
    ...examples.map((example) => `      ${example}`),
  ]
}
