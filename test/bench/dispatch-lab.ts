/** The vendors of a dispatcher's benchmark as a process of their own, with a control server through which the node reports its clock. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Lab, type LabVendorName, startLab, type VendorStats } from '../lab/lab.ts'
import { syntheticYields } from '../lab/synthetic-yields.ts'
import { EVENING, type SceneName, sceneOf } from './dispatch-scenes.ts'
import { benchBars } from './dispatch-source.ts'

/** What the lab says of itself. */
export interface LabReport {
  urls: Record<LabVendorName, string>
  /** The newest instant the node has told, epoch ms. */
  now: number
  stats: Record<LabVendorName, VendorStats>
  /** Milliseconds of processor time the lab has used: what of the real time was not the node's. */
  cpuMs: number
  kills: number
}

const VENDORS = ['alpaca', 'massive', 'fred'] as const
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
  const control = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://lab')
    const at = Number(url.searchParams.get('now') ?? 0)
    if (at > now) now = at
    const pid = url.searchParams.get('pid')
    if (pid !== null) victim = Number(pid)
    applyTrouble()
    response.end(JSON.stringify(reportOf(lab, now, kills)))
  })
  control.keepAliveTimeout = 600_000
  await new Promise<void>((resolve) => control.listen(0, '127.0.0.1', resolve))
  process.stdout.write(`http://127.0.0.1:${(control.address() as AddressInfo).port}\n`)
  // A lab whose bench is gone ends with it.
  process.stdin.resume().on('end', () => process.exit(0))
}

const reportOf = (lab: Lab, now: number, kills: number): LabReport => {
  const of = <T>(value: (vendor: LabVendorName) => T): Record<LabVendorName, T> =>
    Object.fromEntries(VENDORS.map((vendor) => [vendor, value(vendor)])) as Record<LabVendorName, T>
  const { user, system } = process.cpuUsage()
  const cpuMs = (user + system) / 1_000
  return { urls: of((vendor) => lab[vendor].url), now, stats: of((vendor) => lab[vendor].stats()), cpuMs, kills }
}

await main(process.argv.slice(2))
