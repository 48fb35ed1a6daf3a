/** `npm run test:integrity [-- CASE …]`: injects each fault that this node must survive, and prints what the node did about it. */
import { parseArgs } from 'node:util'
import type { Outcome } from './case.ts'
import { CASES } from './cases/index.ts'
import { inProcesses } from './processes.ts'
import { openWorkshop, type Workshop } from './workshop.ts'

const USAGE = `npm run test:integrity -- [CASE …] [--quick] [--flips N] [--kills N] [--seed N] [--processes N] [--json]
--quick: few flips and one kill, for every change. A full run: --flips 3000 --kills 40. --processes: how many share the cases. Cases: ${Object.keys(CASES).join(', ')}`

const QUICK = { flips: 40, kills: 1 }
const DEFAULT = { flips: 200, kills: 2 }

export interface Line extends Outcome {
  name: string
  fault: string
  isRight: boolean
}

export interface Results {
  cases: Line[]
  skipped: string[]
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      flips: { type: 'string' },
      kills: { type: 'string' },
      seed: { type: 'string', default: '1' },
      processes: { type: 'string', default: '1' },
    },
    allowPositionals: true,
  })
  const { flips, kills } = values.quick ? QUICK : DEFAULT
  const numbers = [values.flips ?? flips, values.kills ?? kills, values.seed, values.processes].map(Number)
  const unknown = positionals.filter((name) => !(name in CASES))
  if (unknown.length > 0 || numbers.some((number) => !Number.isSafeInteger(number) || number < 0))
    throw new Error(`${unknown.join(', ')}\n${USAGE}`)
  const [flipped = 0, killed = 0, seed = 1, processes = 1] = numbers
  const names = Object.keys(CASES).filter((name) => positionals.length === 0 || positionals.includes(name))
  if (processes > 1) {
    const terms = ['--flips', String(flipped), '--kills', String(killed), '--seed', String(seed)]
    return report(await inProcesses(names, processes, terms), values.json)
  }
  const workshop = await openWorkshop({ flips: flipped, kills: killed, seed })
  const lines: Line[] = []
  const skipped: string[] = []
  try {
    for (const name of names) {
      const { fault, expected, run } = CASES[name]!
      const outcome = await outcomeOf(run, workshop)
      if ('skipped' in outcome) {
        skipped.push(`${name}: ${outcome.skipped}`)
        continue
      }
      const isRight = outcome.did !== 'wrong' && expected.includes(outcome.did)
      const line = { name, fault, ...outcome, isRight }
      lines.push(line)
      process.stdout.write(`${textOf(line)}\n`)
    }
  } finally {
    await workshop.remove()
  }
  return report({ cases: lines, skipped }, values.json)
}

/** Prints what was not run and the sum, and as JSON all of it. Returns the exit code. */
function report(results: Results, isJson: boolean): number {
  for (const one of results.skipped) process.stdout.write(`not run   ${one}\n`)
  const code = sumUp(results.cases)
  if (isJson) process.stdout.write(`${JSON.stringify(results)}\n`)
  return code
}

async function outcomeOf(run: (workshop: Workshop) => Promise<Outcome | { skipped: string }>, workshop: Workshop) {
  try {
    return await run(workshop)
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error)
    return { injections: 1, did: 'wrong', note, verdict: 'not asked', wrongBundles: 0, lostCells: 0 } as const
  }
}

const textOf = ({ name, fault, injections, did, note, verdict, isRight }: Line): string =>
  `${isRight ? '  ' : '! '}${name.padEnd(34)} ${String(injections).padStart(5)} x ${did.padEnd(8)} ${fault}\n${' '.repeat(46)}${note}\n${' '.repeat(46)}verify ${verdict}`

/** The last line, counted from what happened. */
function sumUp(lines: readonly Line[]): number {
  const sum = (of: (line: Line) => number): number => lines.reduce((all, line) => all + of(line), 0)
  const wrongBundles = sum(({ wrongBundles: count }) => count)
  const lostCells = sum(({ lostCells: count }) => count)
  const wrong = lines.filter(({ isRight }) => !isRight).map(({ name }) => name)
  const rest = wrong.length === 0 ? 'all healed or told' : `${wrong.length} not right: ${wrong.join(', ')}`
  const injections = sum(({ injections: count }) => count)
  process.stdout.write(
    `\n${lines.length} cases, ${injections} injections: ${wrongBundles} wrong bundles, ${lostCells} lost cells, ${rest}\n`,
  )
  return wrong.length === 0 && wrongBundles === 0 && lostCells === 0 ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
