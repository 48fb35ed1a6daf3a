/** The status page: open incidents in plain words. */
import type { Incident } from '../../db/incidents/list-incidents.ts'
import { counted } from '../_page/figures.ts'
import { dayText, Instant } from '../_page/instant.tsx'
import type { Overview } from './overview.ts'

export function IncidentsSection({ overview: { incidents, now } }: { overview: Overview }) {
  return (
    <>
      <h2>Incidents</h2>
      {incidents.length === 0 && <p>None is open.</p>}
      <ul>
        {incidents.map((incident) => (
          <li>
            <IncidentText incident={incident} now={now} />
          </li>
        ))}
      </ul>
    </>
  )
}

function IncidentText({ incident, now }: { incident: Incident; now: number }) {
  const { kind, dataset, vendor, dt, cells, openedAt, nextLookAt } = incident
  const day = dayText(dt, now)
  return (
    <>
      {kind === 'vendor_outage'
        ? `${vendor} lacks ${dataset} of ${day} for most symbols (${counted(cells, 'cell')}).`
        : `No vendor has ${dataset} of ${day} for any symbol (${counted(cells, 'cell')}): is the calendar right?`}{' '}
      Open since <Instant at={openedAt} now={now} />; the node looks again <Instant at={nextLookAt} now={now} />.
    </>
  )
}
