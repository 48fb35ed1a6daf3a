/** The control server of a benchmark's vendors, which are a process of their own: the node reports its clock there and reads what they counted. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Lab, LabVendorName, VendorStats } from '../lab/lab.ts'

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

export interface Controlled {
  lab: Lab
  now(): number
  /** Called with every report of the node: its clock, and its process where it says so. */
  told(at: number, pid: number | null): void
  kills(): number
  /** Called when the node says that a vendor dies. */
  kill?(vendor: LabVendorName): void
}

const VENDORS = ['alpaca', 'massive', 'fred'] as const

/** Serves the reports on a free port of loopback, whose address is printed as one line. The process ends when its bench is gone. */
export async function serveControl({ lab, now, told, kills, kill }: Controlled): Promise<void> {
  const control = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://lab')
    const pid = searchParams.get('pid')
    told(Number(searchParams.get('now') ?? 0), pid === null ? null : Number(pid))
    const dead = VENDORS.find((vendor) => vendor === searchParams.get('kill'))
    if (dead !== undefined) kill?.(dead)
    response.end(JSON.stringify(reportOf(lab, now(), kills())))
  })
  control.keepAliveTimeout = 600_000
  await new Promise<void>((resolve) => control.listen(0, '127.0.0.1', resolve))
  process.stdout.write(`http://127.0.0.1:${(control.address() as AddressInfo).port}\n`)
  process.stdin.resume().on('end', () => process.exit(0))
}

function reportOf(lab: Lab, now: number, kills: number): LabReport {
  const of = <T>(value: (vendor: LabVendorName) => T): Record<LabVendorName, T> =>
    Object.fromEntries(VENDORS.map((vendor) => [vendor, value(vendor)])) as Record<LabVendorName, T>
  const { user, system } = process.cpuUsage()
  const cpuMs = (user + system) / 1_000
  return { urls: of((vendor) => lab[vendor].url), now, stats: of((vendor) => lab[vendor].stats()), cpuMs, kills }
}
