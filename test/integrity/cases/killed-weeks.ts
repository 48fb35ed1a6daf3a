/** Nights, a weekend on which packing, compaction, compression, backup and curation work at once, and the night after: killed with -9 again and again. */
import { spawn } from 'node:child_process'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { countsBySeverity } from '../../../functions/verify/report.ts'
import type { Case, Outcome } from '../case.ts'
import { judge, latestBundle, verdictOf } from '../judge.ts'

const WEEKS = fileURLToPath(new URL('../weeks.js', import.meta.url))
const RESTORE = fileURLToPath(new URL('../../../functions/restore/main.js', import.meta.url))
const KILLS = 8
/** A process takes about a second until it works. */
const SHORTEST_MS = 800

export const killedWeeks: Case = {
  fault: 'the process is killed with -9 eight times while it packs, compacts, compresses, backs up and curates at once',
  expected: ['healed'],
  async run(workshop) {
    const undisturbed = join(await workshop.folder(), 'root')
    const begun = performance.now()
    await finish(undisturbed)
    const whole = performance.now() - begun
    const expected = await latestBundle(undisturbed)
    if (expected === null) throw new Error('expected a bundle of the undisturbed weeks')
    let kills = 0
    let same = 0
    for (let at = 0; at < workshop.kills; at++) {
      const root = join(await workshop.folder(), 'root')
      for (let kill = 0; kill < KILLS; kill++) {
        const after = SHORTEST_MS + workshop.chance(whole / 3, 'kill of weeks', at, kill)
        if ((await run([WEEKS, root], after)) === null) kills += 1
      }
      await finish(root)
      const judged = await judge(root, expected, [])
      if (judged.did !== 'healed')
        return { injections: kills, ...judged, did: 'wrong', note: `root ${at}: ${judged.note}` }
      const restored = await faultOfRestored(root)
      if (restored !== null) return { ...wrong(kills), note: `root ${at}: restored: ${restored}` }
      if ((await latestBundle(root))?.digest === expected.digest) same += 1
      process.stderr.write(`killed weeks: ${at + 1} of ${workshop.kills}\n`)
      await workshop.discard({ root })
    }
    const note = `${workshop.kills} roots and their backups: all cells as undisturbed, ${same} with the same digest`
    return { injections: kills, did: 'healed', note, verdict: 'exit 0 of all', wrongBundles: 0, lostCells: 0 }
  },
}

const wrong = (injections: number): Omit<Outcome, 'note'> => ({
  ...{ injections, did: 'wrong', verdict: 'see the note', wrongBundles: 0, lostCells: 1 },
})

/** Brings the backup to an empty folder and asks `verify deep`: what is wrong there, null for nothing. Curated files are not backed up: they come with the next night. */
async function faultOfRestored(root: string): Promise<string | null> {
  const beside = `${root}-restored`
  try {
    await cp(join(root, 'config'), join(beside, 'config'), { recursive: true })
    const code = await run([RESTORE, join(root, 'backup'), '--to', join(beside, 'data_layer')])
    if (code !== 0) return `restore ended with ${code}`
    const { text, verified } = await verdictOf(beside)
    return countsBySeverity(verified.counts).error === 0 ? null : text
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
}

async function finish(root: string): Promise<void> {
  const code = await run([WEEKS, root])
  if (code !== 0) throw new Error(`expected the weeks of ${root} to end with exit 0, got ${code}`)
}

/** The exit code of a program; null when it was killed after so many milliseconds. */
async function run(args: readonly string[], killAfter: number | null = null): Promise<number | null> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const timer = killAfter === null ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter)
  const code = await new Promise<number | null>((done) => child.once('close', done))
  clearTimeout(timer)
  return code
}
