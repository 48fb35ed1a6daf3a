/** The status page: disk, memory, temperature and clock. */
import type { Child } from 'hono/jsx'
import { size } from '../_page/figures.ts'
import { Instant } from '../_page/instant.tsx'
import type { Overview } from './overview.ts'

export function MachineSection({ overview: { disk, machine, now, version } }: { overview: Overview }) {
  const facts: [string, Child][] = [
    ['Disk', `${size(disk.freeBytes)} of ${size(disk.totalBytes)} free${disk.level === 'ok' ? '' : ', low'}`],
    [
      'Memory',
      machine.freeBytes === null || machine.totalBytes === null
        ? `${size(machine.rssBytes)} used by the node`
        : `${size(machine.freeBytes)} of ${size(machine.totalBytes)} free, ${size(machine.rssBytes)} used by the node`,
    ],
    ['Temperature', machine.celsius === null ? 'not measured here' : `${Math.round(machine.celsius)} °C`],
    ['Load', machine.load.toFixed(1)],
    ['Version', version],
  ]
  return (
    <>
      <h2>Machine</h2>
      <dl>
        {facts.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
        <dt>Clock</dt>
        <dd>
          <Instant at={now - (now % 60_000)} now={now} /> in New York
        </dd>
      </dl>
    </>
  )
}
