/** The cases shared among several processes, because one node keeps only one processor busy. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Results } from './main.ts'

const SCRIPT = fileURLToPath(new URL('./main.js', import.meta.url))

/** Runs each case in one of so many processes and prints its lines as they come. Rejects when a process ends without its results. */
export async function inProcesses(
  names: readonly string[],
  processes: number,
  terms: readonly string[],
): Promise<Results> {
  const shares = Array.from({ length: processes }, (_, at) => names.filter((_name, place) => place % processes === at))
  const results = await Promise.all(shares.filter((share) => share.length > 0).map((share) => resultsOf(share, terms)))
  return { cases: results.flatMap(({ cases }) => cases), skipped: results.flatMap(({ skipped }) => skipped) }
}

/** A line of the report begins with a blank or a `!`; the last line is the results as JSON. */
async function resultsOf(share: readonly string[], terms: readonly string[]): Promise<Results> {
  const child = spawn(process.execPath, [SCRIPT, ...share, ...terms, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let results: Results | undefined
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{')) results = JSON.parse(line) as Results
    else if (/^[ !]/.test(line)) process.stdout.write(`${line}\n`)
  }
  if (!results) throw new Error(`expected the results of ${share.join(', ')}, got a process that ended without them`)
  return results
}
