/** Whole nights killed with -9 at any instant and played again: all come to the same bundle. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Case } from '../case.ts'
import { latestBundle, verdictOf } from '../judge.ts'

const DEMO = fileURLToPath(new URL('../../demo/main.js', import.meta.url))
const ARGS = ['--symbols', 'AAPL,MSFT', '--from', '2025-07-01', '--seed', '7', '--json']

export const killedNights: Case = {
  fault: 'the process is killed with -9 once or twice in a night',
  expected: ['healed'],
  async run(workshop) {
    const undisturbed = join(await workshop.folder(), 'root')
    const begun = performance.now()
    await play(undisturbed, null)
    const whole = performance.now() - begun
    const expected = await latestBundle(undisturbed)
    if (expected === null) throw new Error('expected a bundle of the undisturbed night')
    let kills = 0
    for (let night = 0; night < workshop.kills; night++) {
      const root = join(await workshop.folder(), 'root')
      const times = 1 + workshop.chance(2, 'kills', night)
      for (let kill = 0; kill < times; kill++) {
        if ((await play(root, 200 + workshop.chance(whole, 'kill', night, kill))) === null) kills += 1
      }
      const code = await play(root, null)
      const bundle = await latestBundle(root)
      const { text: verdict } = await verdictOf(root)
      if (code !== 0 || bundle?.digest !== expected.digest || !verdict.startsWith('exit 0')) {
        const note = `root ${night}: exit ${code}, digest ${bundle?.digest ?? 'none'} in place of ${expected.digest}`
        const lost = [...expected.cells.keys()].filter((cell) => !bundle?.cells.has(cell)).length
        return { injections: kills, did: 'wrong', note, verdict, wrongBundles: 1, lostCells: lost }
      }
      process.stderr.write(`killed nights: ${night + 1} of ${workshop.kills}\n`)
      await workshop.discard({ root })
    }
    const note = `${workshop.kills} roots, all with the same digest`
    return { injections: kills, did: 'healed', note, verdict: 'exit 0 of all', wrongBundles: 0, lostCells: 0 }
  },
}

/** A night as a process; null when it was killed after so many milliseconds, else its exit code. */
async function play(root: string, killAfter: number | null): Promise<number | null> {
  const child = spawn(process.execPath, [DEMO, '--root', root, ...ARGS], { stdio: 'ignore' })
  const timer = killAfter === null ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter)
  const code = await new Promise<number | null>((done) => child.once('close', done))
  clearTimeout(timer)
  return code
}
