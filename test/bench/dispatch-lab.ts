/** The vendors of a dispatcher's benchmark as a process of their own, with a control server through which the node reports its clock. */
import { startLab } from '../lab/lab.ts'
import { syntheticYields } from '../lab/synthetic-yields.ts'
import { EVENING, type SceneName, sceneOf } from './dispatch-scenes.ts'
import { benchBars } from './dispatch-source.ts'
import { serveControl } from './lab-control.ts'

/** Retry-After of a storm. */
const RETRY_AFTER_S = '15'

async function main([name = '', scale = '']: string[]): Promise<void> {
  const scene = await sceneOf(name as SceneName, Number(scale))
  const source = benchBars([...scene.symbols, ...scene.probes])
  let now = EVENING
  let asked = 0
  let kills = 0
  let victim: number | null = null
  const lab = await startLab({
    now: () => now,
    seed: 1,
    plan: 'basic',
    alpaca: source,
    massive: source,
    fred: syntheticYields(1),
    onAnswer: () => {
      asked++
      if (victim === null || scene.killEvery === null || asked % scene.killEvery !== 0) return
      const pid = victim
      victim = null
      kills++
      // Sometimes while the answer travels, sometimes while it is read, kept or settled.
      setTimeout(() => process.kill(pid, 'SIGKILL'), (kills % 5) * 40)
    },
  })
  const wrong = new Set<string>()
  const applyTrouble = (): void => {
    for (const { vendor, from, to, kind } of scene.trouble) {
      const key = `${vendor} ${from}`
      const isOn = now >= EVENING + from && now < EVENING + to
      if (isOn === wrong.has(key)) continue
      if (isOn) {
        wrong.add(key)
        if (kind === 'dead') lab[vendor].kill()
        else lab[vendor].fault({ kind: 'status-429', retryAfter: RETRY_AFTER_S })
      } else {
        wrong.delete(key)
        if (kind === 'dead') lab[vendor].revive()
        else lab[vendor].fault(null)
      }
    }
  }
  await serveControl({
    lab,
    now: () => now,
    told: (at, pid) => {
      now = Math.max(now, at)
      victim = pid ?? victim
      applyTrouble()
    },
    kills: () => kills,
  })
}

await main(process.argv.slice(2))
